# Tests.  `make check` is the whole of them; each kind can be run alone.

UNIT = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
include tests/unit/objects.mk

# A unit test links only the objects that its line in objects.mk names.
define unit_rule
$$(B)/tests/unit/$(1): $$(B)/tests/unit/$(1).o $$(addprefix $$(B)/,$$($(1)))
	$$(CC) -pie $$(LDFLAGS) $$($(1)_LDFLAGS) -o $$@ $$^ -lcmocka -lbsd $$($(1)_LIBS)
endef
$(foreach t,$(UNIT),$(eval $(call unit_rule,$(t))))

.PHONY: unit
unit: $(addprefix $(B)/tests/unit/,$(UNIT))
