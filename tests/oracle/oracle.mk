# libauparse as oracle; tests/oracle/run builds and runs it.

$(B)/tests/oracle/oracle: $(B)/tests/oracle/oracle.o $(addprefix $(B)/,$(audit_stages))
	$(CC) -pie $(LDFLAGS) -o $@ $^ -lauparse -laudit

oracle-programs: $(B)/tests/oracle/oracle
.PHONY: oracle-programs
