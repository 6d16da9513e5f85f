/*
 * usock_name: what the path of a Unix socket says: agent, ControlMaster, tmux, screen, or one of
 * the system's that everybody opens.  A path can lie: it is the caller's own words, and what it
 * names may be a link.  Who knows the inode does not ask here.  Pure.
 */
#include "agentd/host/model.h"

#include "base/glob.h"

#define MUX_SUFFIX 16 /* random letters behind a dot (OpenSSH mux.c, muxserver_listen) */

static const struct {
	const char *glob;
	enum usock_kind kind;
} known_names[] = {
	{"*/ssh-*/agent.[0-9]*", USOCK_AGENT},    /* sshd to 10.0, ssh-agent */
	{"agent.[0-9]*", USOCK_AGENT},            /* the same, from inside its folder */
	{"./agent.[0-9]*", USOCK_AGENT},
	{"*/.ssh/agent/s.*", USOCK_AGENT},        /* from 10.1 */
	{"*/S.gpg-agent.ssh", USOCK_AGENT},
	{"/run/user/*/keyring/ssh", USOCK_AGENT},
	{"/run/user/*/keyring/.ssh", USOCK_AGENT},
	{"/run/user/*/gcr/ssh", USOCK_AGENT},
	{"/run/user/*/openssh_agent", USOCK_AGENT},
	{"*/ssh-agent", USOCK_AGENT},
	{"*/ssh-agent.sock*", USOCK_AGENT},
	{"*/.1password/agent.sock", USOCK_AGENT},
	{"*/tmux-[0-9]*/*", USOCK_TMUX},
	{"/run/screen/S-*/*", USOCK_SCREEN},
	{"/var/run/screen/S-*/*", USOCK_SCREEN},
	{"/tmp/screens/S-*/*", USOCK_SCREEN},
	{"*/.screen/*", USOCK_SCREEN},
	{"*/.ansible/cp/*", USOCK_MUX},
	{"*/.ssh/cm[-_/]*", USOCK_MUX},
	{"*/.ssh/control*", USOCK_MUX},
	{"*/.ssh/master*", USOCK_MUX},
	{"*/.ssh/mux*", USOCK_MUX},
	{"*/.ssh/sockets/*", USOCK_MUX},
};

/* Whose folders these are: what lies in root's own, root put there. */
enum folder { FOLDER_ROOT, FOLDER_USER };

static const struct {
	const char *glob;
	enum folder folder;
} system_names[] = {
	{"/dev/log", FOLDER_ROOT},
	{"/run/systemd/*", FOLDER_ROOT},
	{"/run/nscd/*", FOLDER_ROOT},
	{"/run/dbus/*", FOLDER_ROOT},
	{"/run/nslcd/*", FOLDER_ROOT},
	{"/run/avahi-daemon/*", FOLDER_ROOT},
	{"/run/pcscd/*", FOLDER_ROOT},
	{"/run/sssd/*", FOLDER_ROOT},
	{"/run/samba/winbindd/*", FOLDER_ROOT},
	{"/run/rpcbind.sock", FOLDER_ROOT},
	{"/run/setrans/*", FOLDER_ROOT},
	{"/run/p11-kit/*", FOLDER_ROOT},
	{"/run/sshtether/*", FOLDER_ROOT},
	{"/var/lib/sss/pipes/*", FOLDER_ROOT},
	{"/run/.heim_org.h5l.kcm-socket", FOLDER_ROOT},
	{"/run/user/*/bus", FOLDER_USER},
	{"/run/user/*/systemd/*", FOLDER_USER},
	{"/run/user/*/pulse/*", FOLDER_USER},
	{"/run/user/*/wayland-*", FOLDER_USER},
	{"/tmp/.X11-unix/*", FOLDER_USER},
	{"/tmp/.ICE-unix/*", FOLDER_USER},
};

/* /var/run is a link to /run everywhere; an abstract name is judged behind its NUL. */
static struct bytes
plain_path(struct bytes path)
{
	size_t skip = 0;

	if (path.n > 0 && path.p[0] == '\0')
		skip = 1;
	else if (bytes_starts(path, BYTES_LIT("/var/run/")))
		skip = sizeof("/var") - 1;
	return (struct bytes){.p = path.p + skip, .n = path.n - skip};
}

/* A name that may lead out of the folder it begins with: the caller wrote it as he liked. */
static bool
wanders(struct bytes path)
{
	static const char *const turns[] = {"/../", "/./", "//"};

	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		if (path.n > 0 && memmem(path.p, path.n, turns[i], strlen(turns[i])) != NULL)
			return true;
	}
	return false;
}

static bool
is_system_in(struct bytes path, enum folder last)
{
	struct bytes plain = path.n > 0 ? plain_path(path) : path;

	if (wanders(plain))
		return false;
	for (size_t i = 0; i < sizeof(system_names) / sizeof(system_names[0]); i++) {
		if (system_names[i].folder <= last &&
		    glob_match(bytes_of(system_names[i].glob), plain))
			return true;
	}
	return false;
}

bool
usock_is_system(struct bytes path)
{
	return is_system_in(path, FOLDER_USER);
}

bool
usock_is_roots(struct bytes path)
{
	return is_system_in(path, FOLDER_ROOT);
}

bool
usock_is_service(struct bytes path)
{
	struct bytes plain = path.n > 0 ? plain_path(path) : path;

	if (usock_is_system(path))
		return true;
	return bytes_starts(plain, BYTES_LIT("/run/")) && !wanders(plain) &&
	    !bytes_starts(plain, BYTES_LIT("/run/user/"));
}

enum usock_kind
usock_kind_of(struct bytes path)
{
	for (size_t i = 0; i < sizeof(known_names) / sizeof(known_names[0]); i++) {
		if (glob_match(bytes_of(known_names[i].glob), path))
			return known_names[i].kind;
	}
	return USOCK_OTHER;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
usock_cut_mux_suffix(struct bytes *path)
{
	if (path->n <= MUX_SUFFIX + 1 || path->p[path->n - MUX_SUFFIX - 1] != '.')
		return false;
	for (size_t i = path->n - MUX_SUFFIX; i < path->n; i++) {
		if (!is_alnum(path->p[i]))
			return false;
	}
	path->n -= MUX_SUFFIX + 1;
	return true;
}
