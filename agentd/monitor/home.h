/*
 * home: the directories that private keys and agents lie in, found below a home that somebody else has opened.
 * Nothing of it follows a link out of the home, or asks a file system that a user serves (FUSE) or a network has.
 * Beside the loop only.
 */
#ifndef MONITOR_HOME_H
#define MONITOR_HOME_H

#include "agentd/monitor/fan.h"
#include "agentd/monitor/request.h"

struct key_dir {
	struct fan_object object;
	uint32_t uid; /* its owner */
	bool agents;  /* no keys lie there */
	int fd;       /* O_PATH, owned; −1: none */
	char *path;   /* as the kernel says it; owned */
};

/*
 * `.ssh` in the home, and `.ssh/agent`: how many are there (out's first), or −errno: ENOENT: there is no .ssh;
 * EPERM: it, or the home, is another's; EREMOTE: it lies on a file system that somebody serves.
 */
#define HOME_DIRS 2
int home_dirs(int home, uint32_t uid, struct key_dir out[HOME_DIRS]);
/* The directory of an agent's socket, sshd's and ssh-agent's /tmp/ssh-XXXXXXXXXX.  0 or −errno, as above. */
int home_agents(const char *socket, uint32_t uid, struct key_dir *out);
/* The directory of that path again, if it is that one.  A descriptor, O_PATH, or −errno. */
int home_again(const struct key_dir *);
void key_dir_close(struct key_dir *);

#endif
