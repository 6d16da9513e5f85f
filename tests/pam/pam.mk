# The module's test program: libpam looks for syslog() in it first, so its symbols are exported.

$(B)/tests/pam/test_module: $(B)/tests/pam/test_module.o $(B)/tests/pam/listener.o $(B)/tests/pam/scene.o \
    $(addprefix $(B)/base/,bytes.o buf.o utf8.o clock.o proc.o safe.o)
	$(CC) -pie -rdynamic $(LDFLAGS) -o $@ $^ -lpam -lcmocka

pam-programs: $(B)/tests/pam/test_module $(B)/pam_sshtether.so
.PHONY: pam-programs
