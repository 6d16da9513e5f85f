# The real monitor with a lying engine in the engine's place, and the test that tells it what to lie.

LIAR = $(B)/tests/monitor/liar.o
$(B)/tests/monitor/sshtetherd-liar: $(DAEMON) $(MONITOR) $(LIAR) $(POLICY) $(BASE)
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

$(B)/tests/monitor/test_liar: $(B)/tests/monitor/test_liar.o $(B)/tests/monitor/stage.o \
    $(addprefix $(B)/base/,bytes.o buf.o utf8.o clock.o proc.o safe.o)
	$(CC) -pie $(LDFLAGS) -o $@ $^ -lcmocka

monitor-programs: $(B)/tests/monitor/sshtetherd-liar $(B)/tests/monitor/test_liar
.PHONY: monitor-programs
