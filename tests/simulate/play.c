/* play: what the steps of a visit are on the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulate/visit_parts.h"

#define TMUX_DAYS 7 /* then its owner ends it */

/* Is somebody of that name logged in, best with an agent?  NULL: no. */
static const struct login *
login_of(const struct site *s, const char *user)
{
	const struct visit *found = NULL;

	for (size_t i = 0; i < s->nagenda; i++) {
		const struct visit *v = s->agenda[i];

		if (!v->open || v->cron || v->attack != NO_ATTACK || strcmp(v->who.user, user) != 0)
			continue;
		if (found == NULL || (v->login.agent_path[0] != '\0' && found->login.agent_path[0] == '\0'))
			found = v;
	}
	return found != NULL ? &found->login : NULL;
}
static struct visit *
tmux_of(const struct visit *v)
{
	for (size_t i = 0; i < PEOPLE; i++)
		if (v->site->tmux[i] != NULL && v->site->tmux[i]->who.uid == v->who.uid)
			return v->site->tmux[i];
	return NULL;
}

static uint32_t
hands(const struct visit *v, enum by by)
{
	const struct visit *other;

	switch (by) {
	case BY_ROOT:
		return v->root != 0 ? v->root : v->shell;
	case BY_OTHER:
		return v->other != 0 ? v->other : v->shell;
	case BY_SSHD:
		return v->login.child;
	case BY_TMUX:
		other = tmux_of(v);
		return other != NULL ? other->tmux : v->shell;
	case BY_SHELL:
		break;
	}
	return v->shell != 0 ? v->shell : v->login.child;
}

static void
play_login(struct visit *v, const struct step *s)
{
	(void)s;
	v->site->logins++;
	v->open = true;
	v->site->opened(machine_next_ses(v->site->machine), v->attack, v->site->arg);
	machine_login(v->site->machine, &v->who, &v->login);
}

static void
play_cron(struct visit *v, const struct step *s)
{
	(void)s;
	v->open = true;
	v->site->opened(machine_next_ses(v->site->machine), v->attack, v->site->arg);
	v->shell = machine_cron(v->site->machine, v->who.uid, v->who.user);
	v->login.ses = machine_ses(v->site->machine, v->shell);
}

static void
play_shell(struct visit *v, const struct step *s)
{
	(void)s;
	v->shell = machine_run(v->site->machine, v->login.child, PROG_BASH, "-bash");
	v->login.sent += 4000;
	v->login.received += 2000;
}

static void
play_work(struct visit *v, const struct step *s)
{
	(void)s;
	machine_exit(v->site->machine, machine_run(v->site->machine, v->shell, PROG_WORK, "vim notes"));
	v->login.sent += 60000;
	v->login.received += 8000;
}

static uint32_t
become(struct visit *v, enum program by, const char *words, const char *user, uint32_t uid)
{
	struct machine *m = v->site->machine;
	uint32_t pid = machine_run(m, hands(v, by == PROG_SU ? BY_ROOT : BY_SHELL), by, words);

	machine_become(m, pid, uid, user, by);
	return machine_run(m, pid, PROG_BASH, "bash");
}

static void
play_sudo(struct visit *v, const struct step *s)
{
	(void)s;
	v->root = become(v, PROG_SUDO, "sudo -s", "root", 0);
}

static void
play_su(struct visit *v, const struct step *s)
{
	v->other = become(v, PROG_SU, "su user", s->user, s->uid);
	v->other_user = s->user;
	v->other_uid = s->uid;
}

/* That of whoever it runs as. */
static void
open_key(struct visit *v, uint32_t pid, enum by by)
{
	if (by == BY_ROOT && v->root != 0)
		machine_key(v->site->machine, pid, 0, "root");
	else if (by == BY_OTHER && v->other != 0)
		machine_key(v->site->machine, pid, v->other_uid, v->other_user);
	else
		machine_key(v->site->machine, pid, v->who.uid, v->who.user);
}

/* An SSH client: of its own, or of what it was called for.  tmux's windows ask the newest login's agent. */
static uint32_t
client(struct visit *v, const struct errand *e)
{
	struct machine *m = v->site->machine;
	uint32_t pid = hands(v, e->by);
	char words[ADDR_STRLEN + 8], addr[ADDR_STRLEN];

	(void)snprintf(words, sizeof(words), "ssh %s", addr_str(e->to.addr, addr));
	if (e->program != PROG_SSH)
		pid = machine_run(m, pid, e->program, "work");
	pid = machine_run(m, pid, PROG_SSH, words);
	if (e->agent && v->login.agent_path[0] != '\0')
		machine_reach(m, pid, v->login.agent_path, v->login.agent_inode, v->who.uid);
	else
		open_key(v, pid, e->by);
	return pid;
}

static void
play_connect(struct visit *v, const struct step *s)
{
	const struct errand *e = &v->errands[s->flow];
	uint32_t pid = e->by == BY_SSHD ? v->login.child : client(v, e);

	v->clients[s->flow] = pid;
	machine_connect(v->site->machine, pid, e->to, &v->flows[s->flow]);
}

static void
carry(struct visit *v, const struct step *s, bool last)
{
	const struct errand *e = &v->errands[s->flow];

	if (e->through) {
		v->login.received += s->sent;
		v->login.sent += s->received;
		machine_volume(v->site->machine, &v->login, false);
	}
	machine_flow(v->site->machine, &v->flows[s->flow], s->sent, s->received, last);
}

static void
play_carry(struct visit *v, const struct step *s)
{
	if (v->flows[s->flow].open)
		carry(v, s, false);
}

static void
play_hang_up(struct visit *v, const struct step *s)
{
	if (!v->flows[s->flow].open)
		return;
	carry(v, s, true);
	if (v->errands[s->flow].by != BY_SSHD)
		machine_exit(v->site->machine, v->clients[s->flow]);
}

/* Its server is a child of the first one's client; a later login attaches. */
static void
play_tmux(struct visit *v, const struct step *s)
{
	struct machine *m = v->site->machine;
	const struct visit *there = tmux_of(v);
	char path[64];
	uint32_t pid;

	(void)s;
	(void)snprintf(path, sizeof(path), "/tmp/tmux-%u/default", v->who.uid);
	pid = machine_run(m, v->shell, PROG_TMUX, "tmux new -A");
	if (there != NULL) {
		machine_reach(m, pid, path, there->tmux_inode, v->who.uid);
		return;
	}
	v->tmux = pid;
	v->tmux_inode = machine_listen(m, pid, path);
	v->site->tmux[v->who.uid - FIRST_UID] = v;
	v->keeps_tmux = true;
}

static void
play_agent_of(struct visit *v, const struct step *s)
{
	const struct login *l = login_of(v->site, s->user);
	uint32_t pid;

	if (l == NULL || l->agent_path[0] == '\0')
		return;
	pid = machine_run(v->site->machine, hands(v, s->by), PROG_SSH, "ssh -A 10.20.0.99");
	machine_reach(v->site->machine, pid, l->agent_path, l->agent_inode, l->uid);
	machine_exit(v->site->machine, pid);
}

static void
play_read_key(struct visit *v, const struct step *s)
{
	uint32_t pid = machine_run(v->site->machine, hands(v, s->by), PROG_CAT, "cat .ssh/id_ed25519");

	machine_key(v->site->machine, pid, s->uid, s->user);
	machine_exit(v->site->machine, pid);
}

static void
play_attach(struct visit *v, const struct step *s)
{
	const struct login *l = login_of(v->site, s->user);
	uint32_t pid = machine_run(v->site->machine, hands(v, s->by), PROG_GDB, "gdb -p 1");

	if (l != NULL)
		machine_attach(v->site->machine, pid, l->child, "sshd");
	machine_exit(v->site->machine, pid);
}

static void
play_own_server(struct visit *v, const struct step *s)
{
	struct machine *m = v->site->machine;
	uint32_t listener = machine_run(m, v->shell, PROG_SSHD, "/usr/sbin/sshd -f rc -p 2222");
	uint32_t child = machine_run(m, listener, PROG_SSHD, "/usr/sbin/sshd -f rc -p 2222 -R");

	(void)s;
	machine_exit(m, machine_run(m, child, PROG_BASH, "-bash"));
	machine_exit(m, child);
	machine_exit(m, listener);
}

static void
play_without_pam(struct visit *v, const struct step *s)
{
	machine_without_pam(v->site->machine, s->uid);
}

static void
play_served(struct visit *v, const struct step *s)
{
	(void)s;
	machine_served(v->site->machine, v->who.from.addr);
}

static void
end_flows(struct visit *v)
{
	struct machine *m = v->site->machine;

	for (size_t i = 0; i < v->nerrands; i++)
		if (v->flows[i].open)
			machine_flow(m, &v->flows[i], 0, 0, true);
}

/* tmux goes on; its visit stays on the agenda for the end of it. */
static void
play_leave(struct visit *v, const struct step *s)
{
	(void)s;
	if (v->open) {
		end_flows(v);
		if (!v->cron)
			machine_logout(v->site->machine, &v->login);
	}
	machine_end(v->site->machine, v->login.ses, v->open && v->keeps_tmux ? v->tmux : 0);
	if (v->open && v->keeps_tmux)
		visit_add(v, (double)TMUX_DAYS * 1440, STEP_LEAVE);
	else
		v->site->ended(v->login.ses, v->site->arg);
	v->open = false;
}

static void (*const plays[])(struct visit *, const struct step *) = {
	[STEP_LOGIN] = play_login,
	[STEP_CRON] = play_cron,
	[STEP_SHELL] = play_shell,
	[STEP_WORK] = play_work,
	[STEP_SUDO] = play_sudo,
	[STEP_SU] = play_su,
	[STEP_CONNECT] = play_connect,
	[STEP_CARRY] = play_carry,
	[STEP_HANG_UP] = play_hang_up,
	[STEP_TMUX] = play_tmux,
	[STEP_AGENT_OF] = play_agent_of,
	[STEP_READ_KEY] = play_read_key,
	[STEP_ATTACH] = play_attach,
	[STEP_OWN_SERVER] = play_own_server,
	[STEP_WITHOUT_PAM] = play_without_pam,
	[STEP_SERVED] = play_served,
	[STEP_LEAVE] = play_leave,
};
void
visit_play(struct visit *v, const struct step *s)
{
	plays[s->what](v, s);
}
