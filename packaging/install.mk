# make install: module, programs, unit, manual pages and examples (packaging/manifest says which).
# Nothing is started, no user is made and no PAM stack is touched; `make install` says what to do next.

SYSCONFDIR ?= /etc
# Debian keeps modules below the multiarch folder, RHEL and Fedora in lib64.
PAMDIR     ?= $(firstword $(wildcard /usr/lib/$(or $(MULTIARCH),none)/security /usr/lib64/security) \
                  /usr/lib/security)
# Which plugin file auditd understands: builtin, program or program-string.
AUDITD     ?= $(shell packaging/auditd/choose)

INSTALL_ENV = B='$(B)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' \
              PAMDIR='$(PAMDIR)' AUDITD='$(AUDITD)'

.PHONY: install uninstall
## make install    (DESTDIR= PREFIX=/usr SYSCONFDIR=/etc PAMDIR= AUDITD=)  then says what to do next
install: $(PROGRAMS)
	@$(INSTALL_ENV) packaging/install add
	@test -n '$(DESTDIR)' || cat packaging/next

## make uninstall  takes it out again; settings that were changed, alerts and the store stay
uninstall:
	@! grep -ls pam_sshtether.so '$(DESTDIR)$(SYSCONFDIR)'/pam.d/* || \
	    echo 'these PAM stacks still name pam_sshtether.so: delete its lines'
	@$(INSTALL_ENV) packaging/install remove
