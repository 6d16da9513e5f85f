/* gather: see gather.h. */
#include "pam_module/gather.h"

#include <errno.h>
#include <grp.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <syslog.h>
#include <unistd.h>

#include "base/proc.h"
#include "pam_module/authinfo.h"
#include "pam_module/connection.h"
#include "pam_module/sshkey.h"

static struct bytes
item(const pam_handle_t *pamh, int which)
{
	const void *value = NULL;

	if (pam_get_item(pamh, which, &value) != PAM_SUCCESS)
		return BYTES_NONE;
	return bytes_of(value);
}

static void
put_text(struct report *r, struct bytes text, char *out, size_t cap)
{
	if (!bytes_copy(text, out, cap))
		r->flags |= REPORT_CUT;
}

static const char *
gather_user(pam_handle_t *pamh, struct report *r)
{
	struct bytes user = item(pamh, PAM_USER);
	const struct passwd *pw;
	int n = ST_GROUPS_MAX;

	if (user.n == 0)
		return "PAM names no user";
	pw = pam_modutil_getpwnam(pamh, user.p);
	if (pw == NULL)
		return "the user is not in the passwd database";
	put_text(r, user, r->user, sizeof(r->user));
	r->uid = pw->pw_uid;
	r->gid = pw->pw_gid;
	/* On −1 the array is full all the same (getgrouplist(3)). */
	if (getgrouplist(user.p, pw->pw_gid, r->groups, &n) == -1) {
		r->flags |= REPORT_GROUPS_CUT;
		n = ST_GROUPS_MAX;
	}
	r->ngroups = (uint32_t)n;
	return NULL;
}

/* auid and ses are unset until pam_loginuid has run; a kernel without audit has neither file. */
static const char *
gather_process(struct report *r)
{
	struct proc_stat st;
	pid_t pid = getpid();

	if (proc_stat(pid, &st) != 0)
		return "/proc does not show this process";
	r->pid = (uint32_t)pid;
	r->start_ticks = st.start_ticks;
	if (proc_loginuid(pid, &r->auid) != 0)
		r->auid = AUID_UNSET;
	if (proc_sessionid(pid, &r->ses) != 0)
		r->ses = SES_UNSET;
	return NULL;
}

static void
gather_connection(pam_handle_t *pamh, struct report *r)
{
	if (!connection_parse(bytes_of(pam_getenv(pamh, "SSH_CONNECTION")), &r->peer, &r->local))
		r->flags |= REPORT_PEER_UNKNOWN;
}

static void
put_certificate(const struct sshkey *key, struct report *r)
{
	r->flags |= REPORT_CERT;
	if (key->id_cut)
		r->flags |= REPORT_CUT;
	if (key->principals_cut)
		r->flags |= REPORT_PRINCIPALS_CUT;
	r->cert_serial = key->serial;
	memcpy(r->ca_fp, key->ca_fp, sizeof(r->ca_fp));
	memcpy(r->cert_id, key->id, sizeof(r->cert_id));
	memcpy(r->principals, key->principals, sizeof(r->principals));
}

/* The account hook finds no line yet for a first method; the session hook finds all. */
static void
gather_auth(pam_handle_t *pamh, struct report *r)
{
	struct authinfo auth;
	struct sshkey key;

	authinfo_parse(bytes_of(pam_getenv(pamh, "SSH_AUTH_INFO_0")), &auth);
	memcpy(r->method, auth.method, sizeof(r->method));
	if (auth.method_cut)
		r->flags |= REPORT_CUT;
	if (auth.key_type.n == 0)
		return;
	if (!sshkey_parse(auth.key_type, auth.key_base64, &key)) {
		pam_syslog(pamh, LOG_WARNING, "a public key in SSH_AUTH_INFO_0 cannot be read: "
		    "this login counts as one with an unknown key");
		r->flags |= REPORT_CUT;
		return;
	}
	r->flags |= REPORT_KEY_KNOWN;
	memcpy(r->key_type, key.type, sizeof(r->key_type));
	memcpy(r->key_fp, key.fp, sizeof(r->key_fp));
	if (key.cert)
		put_certificate(&key, r);
}

const char *
gather(pam_handle_t *pamh, enum report_kind kind, struct report *out)
{
	const char *why;

	*out = (struct report){.magic = REPORT_MAGIC, .version = REPORT_VERSION, .kind = kind};
	put_text(out, item(pamh, PAM_SERVICE), out->service, sizeof(out->service));
	put_text(out, item(pamh, PAM_TTY), out->tty, sizeof(out->tty));
	why = gather_user(pamh, out);
	if (why == NULL)
		why = gather_process(out);
	if (why == NULL) {
		gather_connection(pamh, out);
		gather_auth(pamh, out);
	}
	return why;
}
