# Tests.  `make check` is the whole of them; each kind of tests/run's table can be run alone
# (`make unit`), and so can single programs ($(B)/tests/unit/test_NAME).

UNIT = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
include tests/unit/objects.mk

# A unit test links only the objects that its line in objects.mk names.
define unit_rule
$$(B)/tests/unit/$(1): $$(B)/tests/unit/$(1).o $$(addprefix $$(B)/,$$($(1)))
	$$(call say,LINK)
	$$(Q)$$(CC) -pie $$(LDFLAGS) $$($(1)_LDFLAGS) -o $$@ $$^ -lcmocka -lbsd $$($(1)_LIBS)
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

unit-programs: $(addprefix $(B)/tests/unit/,$(UNIT))

KINDS = gcc clang lint unit golden oracle fuzz pam monitor packaging cleanup e2e sanitized \
        unit-sanitized golden-sanitized

.PHONY: unit-programs check demo $(KINDS)
export B

## make KIND    one kind of test: gcc clang lint unit golden oracle fuzz pam monitor packaging cleanup e2e
$(KINDS):
	@tests/run $@

include tests/pam/pam.mk
include tests/oracle/oracle.mk
include tests/bench/bench.mk
include tests/simulate/simulate.mk
include tests/golden/golden.mk
include tests/fuzz/fuzz.mk
include tests/monitor/monitor.mk
