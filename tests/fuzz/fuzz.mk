# Fuzz targets: the objects that each links.  $(B)/tests/fuzz/replay_NAME FOLDER checks a corpus;
# `make fuzz-search-NAME` looks for more, with clang's libFuzzer, in a build folder of its own.

FUZZ = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

fuzz_report = $(addprefix pam_module/,authinfo.o sshkey.o connection.o exempt.o) \
              $(addprefix base/,bytes.o buf.o utf8.o addr.o safe.o wire.o base64.o)
fuzz_report_LIBS = -lcrypto
fuzz_record = base/bytes.o $(addprefix agentd/audit/,record.o record_type.o)
fuzz_event  = $(audit_stages)
fuzz_policy = $(policy_all)
fuzz_grant = $(policy_all)
fuzz_signature = $(signature_all)
fuzz_signature_LIBS = -lcrypto
fuzz_control = agentd/engine/args.o base/bytes.o base/words.o
fuzz_control_LIBS = -ljansson
fuzz_wtmp = cli/wtmp.o base/addr.o
fuzz_usual = agentd/engine/usual_rows.o agentd/engine/args.o $(patsubst %.c,%.o,$(wildcard agentd/baseline/*.c)) base/addr.o base/clock.o base/json.o
fuzz_usual_LIBS = -ljansson

FUZZ_SAN = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 60

define fuzz_rule
$$(B)/tests/fuzz/replay_$(1): $$(addprefix $$(B)/,tests/fuzz/fuzz_$(1).o tests/fuzz/replay.o \
    $$(sort base/bytes.o base/buf.o base/utf8.o base/safe.o $$(fuzz_$(1))))
	$$(CC) -pie $$(LDFLAGS) -o $$@ $$^ -lbsd $$(fuzz_$(1)_LIBS)

$$(B)/tests/fuzz/search_$(1): $$(addprefix $$(B)/,tests/fuzz/fuzz_$(1).o $$(fuzz_$(1)))
	$$(CC) -fsanitize=fuzzer,address,undefined $$(LDFLAGS) -o $$@ $$^ -lbsd $$(fuzz_$(1)_LIBS)

fuzz-search-$(1):
	$$(MAKE) CC=clang B=$$(B)/fuzz SAN="$$(FUZZ_SAN)" $$(B)/fuzz/tests/fuzz/search_$(1)
	mkdir -p $$(B)/fuzz/found/$(1)
	$$(B)/fuzz/tests/fuzz/search_$(1) -max_total_time=$$(FUZZ_SECONDS) -timeout=5 \
	    -artifact_prefix=$$(B)/fuzz/ $$(B)/fuzz/found/$(1) tests/fuzz/corpus/$(1)
.PHONY: fuzz-search-$(1)
endef
$(foreach t,$(FUZZ),$(eval $(call fuzz_rule,$(t))))

fuzz-programs: $(addprefix $(B)/tests/fuzz/replay_,$(FUZZ))
.PHONY: fuzz-programs
