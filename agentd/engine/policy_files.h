/*
 * policy_files: the bytes of a policy and of the files that it names, as one load read them, with their
 * signatures: what was checked is what is parsed, and what it can be built anew from, with other exceptions
 * before it or after a restart, as it is in force and not as its files are by now.
 * Engine process, beside its loop too: one load, one policy_files.
 */
#ifndef ENGINE_POLICY_FILES_H
#define ENGINE_POLICY_FILES_H

#include <sys/queue.h>

#include "agentd/engine/trust.h"
#include "base/buf.h"
#include "policy/policy.h"

enum policy_piece {
	PIECE_FILE,
	PIECE_LIST, /* of an include's pattern: path is the pattern, text the paths, each with its zero byte */
	PIECE_TRIED, /* it could not be read */
};

struct policy_file {
	STAILQ_ENTRY(policy_file) link;
	enum policy_piece piece;
	enum pol_file what;
	char *path;                /* owned */
	struct buf text, signature; /* signature: as it lies in FILE.sig; empty: none */
};
STAILQ_HEAD(policy_file_list, policy_file);

struct policy_files;

/* required: of each file but those that need none.  signers: as trust_new(). */
struct policy_files *policy_files_new(bool required, const char *signers, struct rtime now);
void policy_files_free(struct policy_files **);

/* Both are pol_read_fn; arg is the struct policy_files.  From the disk, by safe_read(), and kept: */
int policy_files_read(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why,
    void *arg);
/* As it was kept; −ENOENT: it was not. */
int policy_files_again(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why,
    void *arg);
/* And pol_list_fn; where signatures are required no pattern is taken. */
int policy_files_list(const char *pattern, struct buf *out, const char **why, void *arg);
int policy_files_list_again(const char *pattern, struct buf *out, const char **why, void *arg);

/* Who signed the first file; "": nobody, or nobody asked. */
const struct trust_signer *policy_files_signer(const struct policy_files *);
/* Of signatures that are not good where none is required; a line each. */
const struct buf *policy_files_warnings(const struct policy_files *);

/* In the order in which they were read. */
const struct policy_file_list *policy_files_all(const struct policy_files *);
bool policy_files_same(const struct policy_files *, const struct policy_files *);
/* A hash of all that was found there, in this process: also of what was not taken, which is not kept. */
uint64_t policy_files_found(const struct policy_files *);
/* Copies; false: out of memory. */
bool policy_files_put(struct policy_files *, enum policy_piece, enum pol_file, const char *path, struct bytes text,
    struct bytes signature);
/* Whether policy_files_again() asks for signatures, as a load from the disk does. */
void policy_files_doubt(struct policy_files *, bool);

#endif
