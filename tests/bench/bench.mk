# Our assembler against libauparse, on a million records made of the recordings.

BENCH_RECORDS ?= 1000000
BENCH_SEED    ?= 1
bench_gen = $(B)/tests/bench/gen -s $(BENCH_SEED) -n $(BENCH_RECORDS)
# But for t6: libauparse never closes events of io_uring that end without EOE or PROCTITLE, and goes through all
# open ones at each record.  That would measure its leak, and take it hours.
recordings = $(filter-out %/t6_ways.log,$(sort $(wildcard tests/data/sessions/*.log)))

$(B)/tests/bench/gen: $(addprefix $(B)/,tests/bench/gen.o base/bytes.o base/buf.o base/utf8.o)
	$(CC) -pie $(LDFLAGS) -o $@ $^

$(B)/tests/bench/bench: $(B)/tests/bench/bench.o $(addprefix $(B)/,$(audit_stages))
	$(CC) -pie $(LDFLAGS) -o $@ $^ -lauparse

$(B)/tests/bench/clean-$(BENCH_RECORDS)-$(BENCH_SEED).log: $(B)/tests/bench/gen
	$(bench_gen) $(recordings) >$@.new && mv $@.new $@

$(B)/tests/bench/damaged-$(BENCH_RECORDS)-$(BENCH_SEED).log: $(B)/tests/bench/gen
	$(bench_gen) -l 5 $(recordings) >$@.new && mv $@.new $@

.PHONY: bench
## make bench   our reading of a million records against libauparse's, clean and damaged
bench: $(B)/tests/bench/bench $(B)/tests/bench/clean-$(BENCH_RECORDS)-$(BENCH_SEED).log \
    $(B)/tests/bench/damaged-$(BENCH_RECORDS)-$(BENCH_SEED).log
	$^

$(B)/tests/bench/policy: $(addprefix $(B)/,tests/bench/policy.o tests/bench/policy_shapes.o $(policy_all))
	$(CC) -pie $(LDFLAGS) -o $@ $^

.PHONY: bench-policy
## make bench-policy  how long large policies take to load and to decide
bench-policy: $(B)/tests/bench/policy
	$<
