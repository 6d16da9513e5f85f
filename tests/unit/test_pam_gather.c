/*
 * What becomes a report, with libpam played by this file: names that are too long, more groups than fit,
 * certificates whose fields are cut, a PAM handle that knows nothing.
 */
#include "tests/unit/unit.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#include "pam_module/gather.h"
#include "pam_module/sshkey.h"

/* --- a PAM handle ------------------------------------------------------------------------------------ */

static struct stage {
	const char *user, *service, *tty;
	const char *connection, *auth;
	bool in_passwd;
	int ngroups;
	bool key_readable;
	struct sshkey key;
	unsigned logged;
} stage;

/* Never looked into. */
static pam_handle_t *const handle = (pam_handle_t *)(void *)&stage;

/* These stand in for libpam's, libc's and sshkey.c's. */
int pam_get_item(const pam_handle_t *, int, const void **);
int __wrap_getgrouplist(const char *, gid_t, gid_t *, int *);
bool __wrap_sshkey_parse(struct bytes, struct bytes, struct sshkey *);

int
pam_get_item(const pam_handle_t *pamh, int which, const void **value)
{
	(void)pamh;
	*value = which == PAM_USER ? stage.user : which == PAM_SERVICE ? stage.service : stage.tty;
	return PAM_SUCCESS;
}

const char *
pam_getenv(pam_handle_t *pamh, const char *name)
{
	(void)pamh;
	return strcmp(name, "SSH_CONNECTION") == 0 ? stage.connection : stage.auth;
}

struct passwd *
pam_modutil_getpwnam(pam_handle_t *pamh, const char *user)
{
	static struct passwd pw = {.pw_uid = 1000, .pw_gid = 1001};

	(void)pamh;
	assert_string_equal(user, stage.user);
	return stage.in_passwd ? &pw : NULL;
}

void
pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	(void)pamh;
	(void)priority;
	(void)fmt;
	stage.logged++;
}

/* As glibc's: fills what fits, sets the true number, says −1 when it is more. */
int
__wrap_getgrouplist(const char *user, gid_t gid, gid_t *groups, int *n)
{
	int room = *n;

	(void)user;
	for (int i = 0; i < stage.ngroups && i < room; i++)
		groups[i] = gid + (gid_t)i;
	*n = stage.ngroups;
	return stage.ngroups > room ? -1 : stage.ngroups;
}

bool
__wrap_sshkey_parse(struct bytes type, struct bytes base64, struct sshkey *out)
{
	(void)type;
	(void)base64;
	if (stage.key_readable)
		*out = stage.key;
	return stage.key_readable;
}

static int
everyday(void **state)
{
	(void)state;
	stage = (struct stage){.user = "alice", .service = "sshd", .tty = "ssh",
	    .connection = "10.0.0.1 50022 10.0.0.2 22", .auth = "password\n", .in_passwd = true,
	    .ngroups = 2};
	return 0;
}

static struct report
gathered(void)
{
	struct report r;

	assert_null(gather(handle, REPORT_OPEN, &r));
	assert_true(report_valid(&r, sizeof(r)));
	return r;
}

/* --- the tests ---------------------------------------------------------------------------------------- */

static void
an_everyday_login(void **state)
{
	struct report r = gathered();

	(void)state;
	assert_int_equal(r.flags, 0);
	assert_string_equal(r.user, "alice");
	assert_int_equal(r.uid, 1000);
	assert_int_equal(r.gid, 1001);
	assert_int_equal(r.ngroups, 2);
	assert_int_equal(r.groups[1], 1002);
	assert_int_equal(r.pid, getpid());
	assert_int_equal(r.peer.port, 50022);
}

static void
as_many_groups_as_fit(void **state)
{
	struct report r;

	(void)state;
	stage.ngroups = ST_GROUPS_MAX;
	r = gathered();
	assert_int_equal(r.flags, 0);
	assert_int_equal(r.ngroups, ST_GROUPS_MAX);
	stage.ngroups++;
	r = gathered();
	assert_int_equal(r.flags, REPORT_GROUPS_CUT);
	assert_int_equal(r.ngroups, ST_GROUPS_MAX);
	assert_int_equal(r.groups[ST_GROUPS_MAX - 1], 1001 + ST_GROUPS_MAX - 1);
}

static void
names_that_are_too_long(void **state)
{
	char name[200];
	struct report r;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	stage.user = name;
	r = gathered();
	assert_int_equal(r.flags, REPORT_CUT);
	assert_int_equal(strlen(r.user), sizeof(r.user) - 1);
}

static void
a_handle_that_knows_nothing(void **state)
{
	struct report r;

	(void)state;
	stage.tty = stage.service = stage.connection = stage.auth = NULL;
	r = gathered();
	assert_int_equal(r.flags, REPORT_PEER_UNKNOWN);
	assert_string_equal(r.service, "");
	assert_string_equal(r.method, "");
	stage.user = NULL;
	assert_non_null(gather(handle, REPORT_OPEN, &r));
	stage.user = "bob";
	stage.in_passwd = false;
	assert_non_null(gather(handle, REPORT_OPEN, &r));
}

static void
a_certificate(void **state)
{
	struct report r;

	(void)state;
	stage.auth = "publickey type base64\n";
	stage.key_readable = true;
	stage.key = (struct sshkey){.type = "t-cert-v01@openssh.com", .fp = "SHA256:a", .cert = true,
	    .serial = 7, .id = "id", .ca_fp = "SHA256:b", .principals = "alice\0root\0"};
	r = gathered();
	assert_int_equal(r.flags, REPORT_KEY_KNOWN | REPORT_CERT);
	assert_string_equal(r.key_fp, "SHA256:a");
	assert_string_equal(r.ca_fp, "SHA256:b");
	assert_string_equal(r.cert_id, "id");
	assert_true(r.cert_serial == 7);
	assert_memory_equal(r.principals, "alice\0root\0", sizeof("alice\0root\0"));
	stage.key.id_cut = stage.key.principals_cut = true;
	r = gathered();
	assert_int_equal(r.flags,
	    REPORT_KEY_KNOWN | REPORT_CERT | REPORT_CUT | REPORT_PRINCIPALS_CUT);
}

/* A key that cannot be read is unknown; it is never the empty key. */
static void
a_key_that_cannot_be_read(void **state)
{
	struct report r;

	(void)state;
	stage.auth = "publickey type base64\n";
	r = gathered();
	assert_int_equal(r.flags, REPORT_CUT);
	assert_string_equal(r.key_type, "");
	assert_string_equal(r.key_fp, "");
	assert_int_equal(stage.logged, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_everyday_login, everyday),
		cmocka_unit_test_setup(as_many_groups_as_fit, everyday),
		cmocka_unit_test_setup(names_that_are_too_long, everyday),
		cmocka_unit_test_setup(a_handle_that_knows_nothing, everyday),
		cmocka_unit_test_setup(a_certificate, everyday),
		cmocka_unit_test_setup(a_key_that_cannot_be_read, everyday),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
