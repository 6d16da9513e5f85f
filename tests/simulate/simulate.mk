# Sixty days of fifty people, and of those who are after them, through the code that the engine runs.

SIMULATE_SEEDS ?= 1 2 3 4 5
simulate_objs = $(patsubst %.c,$(B)/%.o,$(wildcard tests/simulate/*.c)) $(CASE) $(PURE) $(POLICY) $(BASE) $(SHARED)

$(B)/tests/simulate/simulate: $(simulate_objs)
	$(call say,LINK)
	$(Q)$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS_CLI) -lm

.PHONY: simulate
## make simulate  planted attacks among sixty days of normal life: what is found, and what is told for nothing
simulate: $(B)/tests/simulate/simulate
	$< $(SIMULATE_SEEDS)

.PHONY: simulate-gate
simulate-gate: $(B)/tests/simulate/simulate
	@$< --gate $(SIMULATE_SEEDS)
