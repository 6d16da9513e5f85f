# The real monitor with a lying engine in the engine's place, and the test that tells it what to lie.

LIAR = $(B)/tests/monitor/liar.o
$(B)/tests/monitor/sshtetherd-liar: $(DAEMON) $(MONITOR) $(LIAR) $(POLICY) $(BASE)
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

LIES = $(patsubst %.c,$(B)/%.o,$(wildcard tests/monitor/liar_*.c))
$(B)/tests/monitor/test_liar: $(addprefix $(B)/tests/monitor/,test_liar.o stage.o work.o kit.o cgroup.o) $(LIES) \
    $(addprefix $(B)/base/,bytes.o buf.o utf8.o clock.o proc.o safe.o)
	$(CC) -pie $(LDFLAGS) -o $@ $^ -lcmocka

# The kernel gates alone.
GATES = $(filter $(B)/agentd/monitor/gate%,$(MONITOR))
$(B)/tests/monitor/test_gate: $(addprefix $(B)/tests/monitor/,test_gate.o gate_kit.o gate_tcp.o gate_judge.o \
    gate_unix.o gate_keep.o actor.o cgroup.o) $(GATES) $(BASE)
	$(CC) -pie $(LDFLAGS) -o $@ $^ -lbpf -levent_core -lbsd -lcmocka

monitor-programs: $(B)/tests/monitor/sshtetherd-liar $(B)/tests/monitor/test_liar $(B)/tests/monitor/test_gate
.PHONY: monitor-programs
