/* policy_files: see policy_files.h. */
#include "agentd/engine/policy_files.h"

#include <errno.h>
#include <stdlib.h>

#include <sshtether/limits.h>

#include "base/glob_list.h"
#include "base/safe.h"
#include "policy/signature.h"

struct policy_files {
	struct policy_file_list files;
	bool required, doubt;
	struct trust *trust; /* owned */
	struct trust_signer signer;
	struct buf why, warnings;
	uint64_t found; /* hash */
};

struct policy_files *
policy_files_new(bool required, const char *signers, struct rtime now)
{
	struct policy_files *fs = calloc(1, sizeof(*fs));

	if (fs == NULL)
		return NULL;
	STAILQ_INIT(&fs->files);
	fs->required = required;
	if ((fs->trust = trust_new(signers, now)) == NULL)
		policy_files_free(&fs);
	return fs;
}

static void
file_free(struct policy_file *f)
{
	buf_free(&f->text);
	buf_free(&f->signature);
	free(f->path);
	free(f);
}

void
policy_files_free(struct policy_files **fsp)
{
	struct policy_files *fs = *fsp;
	struct policy_file *f;

	*fsp = NULL;
	if (fs == NULL)
		return;
	while ((f = STAILQ_FIRST(&fs->files)) != NULL) {
		STAILQ_REMOVE_HEAD(&fs->files, link);
		file_free(f);
	}
	trust_free(&fs->trust);
	buf_free(&fs->why);
	buf_free(&fs->warnings);
	free(fs);
}

bool
policy_files_put(struct policy_files *fs, enum policy_piece piece, enum pol_file what, const char *path,
    struct bytes text, struct bytes signature)
{
	struct policy_file *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return false;
	f->piece = piece;
	f->what = what;
	f->path = strdup(path);
	buf_putb(&f->text, text);
	buf_putb(&f->signature, signature);
	if (f->path == NULL || !buf_ok(&f->text) || !buf_ok(&f->signature)) {
		file_free(f);
		return false;
	}
	STAILQ_INSERT_TAIL(&fs->files, f, link);
	return true;
}

static const struct policy_file *
find(const struct policy_files *fs, enum policy_piece piece, enum pol_file what, const char *path)
{
	const struct policy_file *f;

	STAILQ_FOREACH(f, &fs->files, link) {
		if (f->piece == piece && f->what == what && strcmp(f->path, path) == 0)
			return f;
	}
	return NULL;
}

/* --- signatures --------------------------------------------------------------------------------------- */

static bool
is_to_sign(enum pol_file what)
{
	return what == POLF_POLICY || what == POLF_TABLE;
}

static bool
is_first(const struct policy_files *fs, const char *path)
{
	const struct policy_file *first = STAILQ_FIRST(&fs->files);

	return first == NULL || strcmp(first->path, path) == 0;
}

/* A pattern finds names that whoever may write there has chosen. */
static void
put_unread(const char *path, int err, struct buf *why)
{
	buf_puts(why, err == -ENOENT ? "no signature: " : "its signature, ");
	buf_put_visible(why, bytes_of(path));
	if (err == -ENOENT)
		buf_puts(why, SIGNATURE_SUFFIX " is not there");
	else
		buf_printf(why, SIGNATURE_SUFFIX ", cannot be read: %s", strerror(-err));
}

/* err: of reading FILE.sig.  True: it is good, or need not be. */
static bool
signed_well(struct policy_files *fs, const char *path, struct bytes text, struct bytes signature, int err)
{
	struct trust_signer who = {0};
	bool good = false;

	buf_reset(&fs->why);
	if (err != 0)
		put_unread(path, err, &fs->why);
	else
		good = trust_check(fs->trust, text, signature, &who, &fs->why);
	if (good && is_first(fs, path))
		fs->signer = who;
	if (good || fs->required)
		return good;
	if (err != -ENOENT && !trust_is_nobody(fs->trust)) {
		buf_put_visible(&fs->warnings, bytes_of(path));
		buf_printf(&fs->warnings, ": warning: %s; with require-signature it would be refused\n",
		    buf_ok(&fs->why) ? fs->why.p : "");
	}
	return true;
}

static int
refused(struct policy_files *fs, const char **why)
{
	if (why != NULL)
		*why = buf_ok(&fs->why) && fs->why.n > 0 ? fs->why.p : "not signed";
	return -EKEYREJECTED;
}

/* What was found at path: 0 or −errno, and its bytes. */
static void
note_found(struct policy_files *fs, const char *path, int rc, struct bytes text)
{
	fs->found = hash_u64(fs->found + bytes_hash(bytes_of(path)));
	fs->found = hash_u64(fs->found + bytes_hash(text) + (uint64_t)rc);
}

/* --- reading ------------------------------------------------------------------------------------------ */

/* 0 or −errno. */
static int
read_signature(struct policy_files *fs, const char *path, struct buf *out)
{
	struct buf name = BUF_INIT;
	int rc = -ENOMEM;

	buf_printf(&name, "%s%s", path, SIGNATURE_SUFFIX);
	if (buf_ok(&name))
		rc = safe_read(name.p, ST_SIGNATURE_BYTES, out, NULL);
	note_found(fs, path, rc, buf_bytes(out));
	buf_free(&name);
	return rc;
}

static int
take(struct policy_files *fs, const char *path, enum pol_file what, struct bytes text, const char **why)
{
	struct buf signature = BUF_INIT;
	bool good = !is_to_sign(what), kept;
	int err;

	if (!good) {
		err = read_signature(fs, path, &signature);
		good = signed_well(fs, path, text, buf_bytes(&signature), err);
	}
	kept = policy_files_put(fs, good ? PIECE_FILE : PIECE_TRIED, what, path,
	    good ? text : (struct bytes){0}, buf_bytes(&signature));
	buf_free(&signature);
	if (!good)
		return refused(fs, why);
	return kept ? 0 : -ENOMEM;
}

int
policy_files_read(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why,
    void *arg)
{
	struct policy_files *fs = arg;
	size_t from = out->n;
	int rc = safe_read(path, max, out, why);
	const struct bytes text = {.p = out->n > from ? out->p + from : NULL, .n = out->n - from};

	note_found(fs, path, rc, text);
	if (rc != 0) {
		(void)policy_files_put(fs, PIECE_TRIED, what, path, (struct bytes){0}, (struct bytes){0});
		return rc;
	}
	return take(fs, path, what, text, why);
}

int
policy_files_again(const char *path, enum pol_file what, size_t max, struct buf *out, const char **why,
    void *arg)
{
	struct policy_files *fs = arg;
	const struct policy_file *f = find(fs, PIECE_FILE, what, path);

	(void)max;
	if (f == NULL) {
		if (why != NULL)
			*why = "it was not read when the policy was loaded";
		return -ENOENT;
	}
	if (fs->doubt && is_to_sign(what) &&
	    !signed_well(fs, path, buf_bytes(&f->text), buf_bytes(&f->signature), f->signature.n == 0 ? -ENOENT : 0))
		return refused(fs, why);
	buf_putb(out, buf_bytes(&f->text));
	return buf_ok(out) ? 0 : -ENOMEM;
}

/* --- patterns ------------------------------------------------------------------------------------------- */

/* A signature says nothing of which files there are: one that was signed for something else would be one more. */
static int
refuse_pattern(const char **why)
{
	if (why != NULL)
		*why = "nobody signs which files a pattern finds: name each file, or print the policy to one file and sign that";
	return -EKEYREJECTED;
}

int
policy_files_list(const char *pattern, struct buf *out, const char **why, void *arg)
{
	struct policy_files *fs = arg;
	const size_t from = out->n;
	struct bytes found;
	int rc;

	if (fs->required)
		return refuse_pattern(why);
	rc = safe_list(pattern, ST_POLICY_FILES, out, why);
	found = (struct bytes){.p = out->n > from ? out->p + from : NULL, .n = out->n - from};
	note_found(fs, pattern, rc, found);
	if (!policy_files_put(fs, rc == 0 ? PIECE_LIST : PIECE_TRIED, POLF_POLICY, pattern, found, (struct bytes){0}))
		rc = -ENOMEM;
	return rc;
}

int
policy_files_list_again(const char *pattern, struct buf *out, const char **why, void *arg)
{
	const struct policy_files *fs = arg;
	const struct policy_file *f = find(fs, PIECE_LIST, POLF_POLICY, pattern);

	if (fs->required)
		return refuse_pattern(why);
	if (f == NULL) {
		if (why != NULL)
			*why = "it was not looked for when the policy was loaded";
		return -ENOENT;
	}
	buf_putb(out, buf_bytes(&f->text));
	return buf_ok(out) ? 0 : -ENOMEM;
}

/* --- what is kept --------------------------------------------------------------------------------------- */

const struct trust_signer *
policy_files_signer(const struct policy_files *fs)
{
	return &fs->signer;
}

const struct buf *
policy_files_warnings(const struct policy_files *fs)
{
	return &fs->warnings;
}

const struct policy_file_list *
policy_files_all(const struct policy_files *fs)
{
	return &fs->files;
}

uint64_t
policy_files_found(const struct policy_files *fs)
{
	return fs->found;
}

void
policy_files_doubt(struct policy_files *fs, bool doubt)
{
	fs->doubt = doubt;
}

static bool
file_same(const struct policy_file *a, const struct policy_file *b)
{
	return a->piece == b->piece && a->what == b->what && strcmp(a->path, b->path) == 0 &&
	    bytes_eq(buf_bytes(&a->text), buf_bytes(&b->text)) &&
	    bytes_eq(buf_bytes(&a->signature), buf_bytes(&b->signature));
}

bool
policy_files_same(const struct policy_files *a, const struct policy_files *b)
{
	const struct policy_file *x = STAILQ_FIRST(&a->files), *y = STAILQ_FIRST(&b->files);

	while (x != NULL && y != NULL && file_same(x, y)) {
		x = STAILQ_NEXT(x, link);
		y = STAILQ_NEXT(y, link);
	}
	return x == NULL && y == NULL;
}
