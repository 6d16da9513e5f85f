# The real monitor with a lying engine in the engine's place, and the test that tells it what to lie.

LIAR = $(B)/tests/monitor/liar.o
$(B)/tests/monitor/sshtetherd-liar: $(DAEMON) $(MONITOR) $(LIAR) $(POLICY) $(BASE)
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

LIES = $(patsubst %.c,$(B)/%.o,$(wildcard tests/monitor/liar_*.c))
$(B)/tests/monitor/test_liar: $(addprefix $(B)/tests/monitor/,test_liar.o stage.o kit.o cgroup.o) $(LIES) \
    $(addprefix $(B)/base/,bytes.o buf.o utf8.o clock.o proc.o safe.o)
	$(CC) -pie $(LDFLAGS) -o $@ $^ -lcmocka

monitor-programs: $(B)/tests/monitor/sshtetherd-liar $(B)/tests/monitor/test_liar
.PHONY: monitor-programs
