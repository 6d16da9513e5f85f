/*
 * authinfo: SSH_AUTH_INFO_0, how the user proved who they are.  One line a method that succeeded, in
 * order: "publickey ssh-ed25519 AAAA…", "keyboard-interactive/pam" (auth2_update_session_info() in
 * OpenSSH's auth2.c; sshd refuses a login whose free text would hold a newline).
 */
#ifndef PAM_MODULE_AUTHINFO_H
#define PAM_MODULE_AUTHINFO_H

#include <sshtether/limits.h>

#include "base/bytes.h"

struct authinfo {
	char method[ST_METHOD_MAX]; /* "publickey,keyboard-interactive"; "" when none */
	bool method_cut;            /* there was more, or a word that is no method name */
	/* Of the last publickey line, slices of the text; empty when there is none. */
	struct bytes key_type, key_base64;
};

void authinfo_parse(struct bytes text, struct authinfo *out);

#endif
