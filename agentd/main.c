/*
 * sshtetherd: one program, two processes.  Started by root it is the monitor; the monitor starts it
 * again with --engine as a user without rights.  What each does is in monitor/ and engine/.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <sshtether/version.h>

#include "agentd/config.h"
#include "agentd/engine/engine.h"
#include "agentd/monitor/monitor.h"
#include "agentd/monitor/request.h"
#include "base/log.h"

struct options {
	const char *config;
	bool engine, foreground, verbose, test, strict;
};

static const char usage_text[] =
    "usage: sshtetherd [-dft] [-c FILE] [--strict]\n"
    "  -c, --config FILE  settings (default " CONFIG_FILE ")\n"
    "  -d, --debug        say more\n"
    "  -f, --foreground   log to standard error\n"
    "  -t, --test         check the settings and end\n"
    "  --strict           end when this host cannot do what the policy asks for\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n";

enum { OPT_ENGINE = 256, OPT_STRICT };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"debug", no_argument, NULL, 'd'},
	{"foreground", no_argument, NULL, 'f'},
	{"test", no_argument, NULL, 't'},
	{"strict", no_argument, NULL, OPT_STRICT},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"engine", no_argument, NULL, OPT_ENGINE}, /* the monitor's, not for people */
	{NULL, 0, NULL, 0},
};

/* −1: go on; else the status to end with. */
static int
parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:dfthV", long_options, NULL)) != -1) {
		switch (c) {
		case 'c': o->config = optarg; break;
		case 'd': o->verbose = true; break;
		case 'f': o->foreground = true; break;
		case 't': o->test = true; break;
		case OPT_STRICT: o->strict = true; break;
		case OPT_ENGINE: o->engine = true; break;
		case 'h': return fputs(usage_text, stdout) == EOF;
		case 'V': return puts("sshtetherd " SSHTETHER_VERSION) == EOF;
		default: fputs(usage_text, stderr); return 2;
		}
	}
	if (optind == argc)
		return -1;
	fputs(usage_text, stderr);
	return 2;
}

static struct config *
check(const struct options *o)
{
	struct buf diag = BUF_INIT;
	unsigned errors = 0;
	struct config *cf = config_load(o->config, &diag, &errors);

	if (buf_ok(&diag) && diag.n != 0)
		fputs(diag.p, stderr);
	if (cf == NULL)
		log_err("%s: %u error%s", o->config, errors, errors == 1 ? "" : "s");
	buf_free(&diag);
	return cf;
}

/* What only the start would tell: 0, or 2 after it has said what is missing on this host. */
static int
test_host(const struct config *cf)
{
	if (cf->group != NULL && getgrnam(cf->group) == NULL)
		log_warn("there is no group '%s': only root reads the control socket", cf->group);
	if (getpwnam(cf->user) != NULL)
		return 0;
	log_err("there is no user '%s' for the engine to run as", cf->user);
	return 2;
}

static int
run_monitor(const struct options *o, const struct config *cf)
{
	struct monitor_options mo = {.config_path = o->config, .foreground = o->foreground,
	    .verbose = o->verbose, .strict = o->strict, .self_exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
	int status;

	if (geteuid() != 0 || mo.self_exe == -1) {
		log_err("%s", mo.self_exe == -1 ? strerror(errno) : "sshtetherd is started by root");
		return 3;
	}
	status = monitor_main(cf, &mo);
	close(mo.self_exe);
	return status;
}

static int
run_engine(const struct config *cf)
{
	if (geteuid() == 0) {
		log_err("--engine is for the monitor, which starts it without rights");
		return 2;
	}
	/* It was started through a descriptor, whose number would be its name. */
	(void)prctl(PR_SET_NAME, "sshtetherd", 0, 0, 0);
	return engine_main(cf, REQUEST_FD);
}

int
main(int argc, char **argv)
{
	struct options o = {.config = CONFIG_FILE};
	struct config *cf;
	int status = parse(argc, argv, &o);

	if (status != -1)
		return status;
	log_init(o.engine ? "sshtetherd-engine" : "sshtetherd", o.foreground || o.test, o.verbose);
	cf = check(&o);
	if (cf == NULL)
		return 2;
	cf->strict = cf->strict || o.strict;
	status = o.test ? test_host(cf) : o.engine ? run_engine(cf) : run_monitor(&o, cf);
	config_free(&cf);
	return status;
}
