/*
 * job SERVICE USER COMMAND: what atd, cron and systemd do for work that a user left with them: opens a PAM
 * session of that service, with a login uid and an audit session of its own, and runs the command in it as the
 * user.  To be started as they are: as root, with no login uid.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int
silent(int n, const struct pam_message **messages, struct pam_response **answers, void *arg)
{
	(void)n, (void)messages, (void)answers, (void)arg;
	return PAM_CONV_ERR;
}

static void
become(const struct passwd *pw, const char *command)
{
	if (initgroups(pw->pw_name, pw->pw_gid) == 0 && setgid(pw->pw_gid) == 0 && setuid(pw->pw_uid) == 0 &&
	    chdir(pw->pw_dir) == 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(126);
}

int
main(int argc, char **argv)
{
	const struct pam_conv conv = { .conv = silent };
	const struct passwd *pw = argc == 4 ? getpwnam(argv[2]) : NULL;
	pam_handle_t *pam;
	int status = 0;
	pid_t pid;

	if (pw == NULL || pam_start(argv[1], pw->pw_name, &conv, &pam) != PAM_SUCCESS)
		return 125;
	if (pam_open_session(pam, PAM_SILENT) != PAM_SUCCESS)
		return 124;
	pid = fork();
	if (pid == 0)
		become(pw, argv[3]);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return 123;
	(void)pam_close_session(pam, PAM_SILENT);
	(void)pam_end(pam, PAM_SUCCESS);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
