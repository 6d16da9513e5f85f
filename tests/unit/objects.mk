# Which objects each unit test links: one line a test, paths below the build folder.
test_base_text = base/bytes.o base/buf.o base/utf8.o base/json.o
test_base_text_LDFLAGS = -Wl,--wrap=realloc
test_base_host = base/bytes.o base/buf.o base/utf8.o base/addr.o base/clock.o base/log.o base/proc.o base/safe.o
test_community = agentd/sink/community.o base/addr.o base/buf.o base/bytes.o base/utf8.o
test_community_LIBS = -lcrypto
