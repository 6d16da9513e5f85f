# sshtether: build, test, install.  `make help` lists the targets.
#
# Two commands start from nothing on Debian 12, as root: `make demo` and `make check`.
# Objects are made below $(B); every source file is compiled alike, PIC and with hidden symbols,
# so that the module and the programs share them.

B       ?= build
CC      ?= cc
BISON   ?= bison
CLANG   ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool) /usr/sbin/bpftool)
PKGCONF ?= pkg-config
DESTDIR ?=
PREFIX  ?= /usr

WARN = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
       -Wformat=2 -Wcast-qual -Wwrite-strings -Werror
HARDEN = -fstack-protector-strong -fstack-clash-protection -fcf-protection \
         -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDEN_LD = -Wl,-z,relro,-z,now,-z,noexecstack
OPT     ?= -O2 -g
SAN     ?=
CPPFLAGS += -D_GNU_SOURCE -I. -Iinclude -I$(B)
CFLAGS   += -std=c11 $(OPT) $(WARN) $(if $(SAN),,$(HARDEN)) -fPIC -fvisibility=hidden $(SAN)
LDFLAGS  += $(HARDEN_LD) $(SAN)

# Debian keeps modules and some headers below the multiarch folder, RHEL and Fedora do not.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)

# make V=1 shows the commands.
Q    := $(if $(V),,@)
say   = $(if $(V),@:,@printf '  %-6s %s\n' $(1) $@)

PROGRAMS = $(B)/pam_sshtether.so $(B)/sshtetherd $(B)/sshtether

srcs = $(filter-out %.bpf.c,$(sort $(wildcard $(addsuffix /*.c,$(1)))))
objs = $(patsubst %.c,$(B)/%.o,$(call srcs,$(1)))

BASE    = $(call objs,base)
POLICY  = $(call objs,policy) $(B)/policy/grammar.o
PURE    = $(call objs,agentd/audit agentd/host agentd/baseline agentd/detect)
CASE    = $(call objs,agentd/case)
ENGINE  = $(call objs,agentd/source agentd/sink agentd/engine)
DAEMON  = $(call objs,agentd)
MONITOR = $(call objs,agentd/monitor)
CLI     = $(call objs,cli)
MODULE  = $(call objs,pam_module)

LIBS_MODULE = -lpam -lcrypto
LIBS_DAEMON = -levent_core -laudit -lsqlite3 -lbpf -lcap-ng -lseccomp -ljansson -lcrypto -lbsd
LIBS_CLI    = -lsmartcols -ljansson -lcrypto -lbsd

.PHONY: all help
## make         the module, the daemon and the command, in $(B)
all: $(PROGRAMS)

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

# --- objects -------------------------------------------------------------------------------------

$(B)/%.o: %.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/policy/grammar.c: policy/grammar.y
	$(call say,BISON)
	@mkdir -p $(@D)
	$(Q)$(BISON) -Wall -Werror --header=$(B)/policy/grammar.h -o $@ $<

$(B)/policy/grammar.o: $(B)/policy/grammar.c
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(call objs,policy): | $(B)/policy/grammar.c

# The kernel's side of the gates: for the BPF machine, without what only debuggers read, and then, as bytes, for
# the daemon.  For gcc the header is a system's, because it is bpftool's to write without warnings.
BPF_CFLAGS = -target bpf -mcpu=v2 -ffreestanding -std=gnu11 -O2 -g -Wall -Wextra -Werror -I. -Iinclude \
             -idirafter /usr/include/$(MULTIARCH)

$(B)/%.bpf.o: %.bpf.c
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.full $<
	$(Q)$(BPFTOOL) gen object $@ $@.full

$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL)
	$(Q){ echo '#pragma GCC system_header'; $(BPFTOOL) gen skeleton $< name $(basename $(notdir $*))_bpf; } >$@.new
	$(Q)mv $@.new $@

.SECONDARY: $(B)/agentd/monitor/gate.bpf.o
$(call objs,agentd/monitor): | $(B)/agentd/monitor/gate.skel.h

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# --- programs ------------------------------------------------------------------------------------

$(B)/pam_sshtether.so: $(MODULE) $(BASE) pam_module/exports.map
	$(call say,LINK)
	$(Q)$(CC) -shared $(LDFLAGS) -Wl,--version-script=pam_module/exports.map -Wl,--gc-sections \
	    -Wl,-z,defs -o $@ $(filter %.o,$^) $(LIBS_MODULE)

$(B)/sshtetherd: $(DAEMON) $(MONITOR) $(ENGINE) $(CASE) $(PURE) $(POLICY) $(BASE)
	$(call say,LINK)
	$(Q)$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS_DAEMON)

# The command shares the pure stages and the JSON of alerts with the daemon: replay is the same code.
SHARED = $(addprefix $(B)/agentd/,$(addprefix engine/,args.o asked.o pipeline.o question.o ruling.o usual_rows.o) \
         $(addprefix sink/,alert.o alert_event.o alert_process.o alert_text.o community.o session_name.o))
$(B)/sshtether: $(CLI) $(SHARED) $(CASE) $(PURE) $(POLICY) $(BASE)
	$(call say,LINK)
	$(Q)$(CC) -pie $(LDFLAGS) -o $@ $^ $(LIBS_CLI)

# --- tests, install, lint: one file each -----------------------------------------------------------

## make demo    the story on three hosts: laptop, bastion, db (root, Debian 12; cleans up after itself)
demo:
	@tests/bootstrap.sh
	@$(MAKE) -s all
	@tests/e2e/run.py demo -b $(B)

## make check   every test; ends with "N passed, N failed, N skipped"
check:
	@tests/bootstrap.sh
	@tests/run

-include tests/tests.mk
-include packaging/install.mk

# What is left out, and why, is in .clang-tidy.
SOURCES = $(call srcs,base policy pam_module cli agentd $(addprefix agentd/,audit host baseline detect source sink case engine monitor))
ANALYZE = -O2 -fanalyzer $(addprefix -Wno-analyzer-,malloc-leak double-free use-after-free possible-null-dereference)

## make analyze gcc -fanalyzer and clang-tidy over every source file (minutes; wants clang-tidy)
ANALYZED = $(addprefix analyze/,$(SOURCES))
analyze: $(ANALYZED)
$(ANALYZED): analyze/%: % | $(B)/policy/grammar.c $(B)/agentd/monitor/gate.skel.h
	$(Q)gcc $(CPPFLAGS) -std=c11 $(ANALYZE) -Werror -c -o /dev/null $<
	$(Q)clang-tidy --quiet $< -- $(CPPFLAGS) -std=c11 2>/dev/null
.PHONY: analyze $(ANALYZED)

## make clean   removes $(B)
clean:
	rm -rf $(B)
.PHONY: clean
