# What the lexer and the parser make of a policy, for golden files.
golden-programs: $(B)/sshtether $(B)/tests/golden/policy_dump
.PHONY: golden-programs

$(B)/tests/golden/policy_dump: $(addprefix $(B)/,tests/golden/policy_dump.o $(policy_all))
	$(call say,LINK)
	$(Q)$(CC) -pie $(LDFLAGS) -o $@ $^
