/*
 * last_good: see last_good.h.  The file: a line "sshtether last good policy 1 MS PATH", then for each piece a
 * line "PIECE WHAT TEXT-BYTES SIGNATURE-BYTES PATH-BYTES", its path, text and signature.
 */
#include "agentd/engine/last_good.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sshtether/limits.h>

#include "agentd/engine/worker.h"
#include "base/log.h"
#include "base/safe.h"

#define MAGIC "sshtether last good policy 1 "

static bool
file_name(const char *state_dir, struct buf *out)
{
	buf_printf(out, "%s/last-good.policy", state_dir);
	return buf_ok(out);
}

/* --- writing ------------------------------------------------------------------------------------------ */

struct writing {
	struct buf file, content;
	int rc;
};

static void
writing_free(struct writing *w)
{
	buf_free(&w->file);
	buf_free(&w->content);
	free(w);
}

static void
put_file(const struct policy_file *f, struct buf *out)
{
	buf_printf(out, "%u %u %zu %zu %zu\n", (unsigned)f->piece, (unsigned)f->what, f->text.n, f->signature.n,
	    strlen(f->path));
	buf_puts(out, f->path);
	buf_putb(out, buf_bytes(&f->text));
	buf_putb(out, buf_bytes(&f->signature));
}

void
last_good_prepare(struct policy_load *l)
{
	const struct policy_file *f;

	if (l->policy == NULL || !l->configured || l->absent)
		return;
	buf_printf(&l->kept, MAGIC "%lld %s\n", (long long)l->now.ms, l->path);
	STAILQ_FOREACH(f, policy_files_all(l->files), link)
		put_file(f, &l->kept);
}

static void
run_writing(void *arg)
{
	struct writing *w = arg;

	w->rc = atomic_write(w->file.p, buf_bytes(&w->content), 0600);
}

static void
on_written(void *arg)
{
	struct writing *w = arg;

	if (w->rc != 0)
		log_err("the last good policy is not kept: %s: %s", w->file.p, strerror(-w->rc));
	writing_free(w);
}

bool
last_good_keep(struct worker *worker, const char *state_dir, struct policy_load *l)
{
	struct writing *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return false;
	w->content = l->kept;
	l->kept = (struct buf)BUF_INIT;
	if (file_name(state_dir, &w->file) && buf_ok(&w->content) && w->content.n > 0 && w->content.n <= ST_LAST_GOOD_BYTES &&
	    worker_post(worker, run_writing, on_written, w))
		return true;
	writing_free(w);
	return false;
}

/* --- reading ------------------------------------------------------------------------------------------ */

/* n bytes off the front. */
static bool
cut(struct bytes *rest, size_t n, struct bytes *out)
{
	if (n > rest->n)
		return false;
	*out = (struct bytes){.p = rest->p, .n = n};
	*rest = (struct bytes){.p = rest->p + n, .n = rest->n - n};
	return true;
}

static bool
cut_line(struct bytes *rest, struct bytes *out)
{
	const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	struct bytes newline;

	return end != NULL && cut(rest, (size_t)(end - rest->p), out) && cut(rest, 1, &newline);
}

static bool
cut_number(struct bytes *line, uint64_t max, uint64_t *out)
{
	const char *blank = line->n > 0 ? memchr(line->p, ' ', line->n) : NULL;
	struct bytes word, unused;

	if (!cut(line, blank != NULL ? (size_t)(blank - line->p) : line->n, &word) ||
	    (blank != NULL && !cut(line, 1, &unused)))
		return false;
	return bytes_u64(word, out) && *out <= max;
}

static bool
take_file(struct bytes *rest, struct policy_files *files)
{
	enum { PIECE, WHAT, TEXT, SIGNATURE, PATH, NUMBERS };
	static const uint64_t max[NUMBERS] = {PIECE_LIST, POLF_ZONE, ST_LAST_GOOD_BYTES, ST_SIGNATURE_BYTES, 4096};
	struct bytes line, path, text, signature;
	uint64_t n[NUMBERS];
	char *name;
	bool ok;

	if (!cut_line(rest, &line))
		return false;
	for (unsigned i = 0; i < NUMBERS; i++)
		if (!cut_number(&line, max[i], &n[i]))
			return false;
	if (!cut(rest, (size_t)n[PATH], &path) || !cut(rest, (size_t)n[TEXT], &text) ||
	    !cut(rest, (size_t)n[SIGNATURE], &signature) || memchr(path.p, '\0', path.n) != NULL ||
	    (name = strndup(path.p, path.n)) == NULL)
		return false;
	ok = policy_files_put(files, (enum policy_piece)n[PIECE], (enum pol_file)n[WHAT], name, text, signature);
	free(name);
	return ok;
}

/* When it was accepted, and from where. */
static bool
take_head(struct bytes *rest, struct rtime *accepted, char **path)
{
	struct bytes line, magic;
	uint64_t ms;

	if (!cut_line(rest, &line) || !cut(&line, strlen(MAGIC), &magic) || !bytes_is(magic, MAGIC) ||
	    !cut_number(&line, INT64_MAX, &ms) || memchr(line.p, '\0', line.n) != NULL)
		return false;
	accepted->ms = (int64_t)ms;
	*path = strndup(line.p, line.n);
	return *path != NULL;
}

static struct policy_load *
load(const struct config *conf, struct bytes kept, struct bytes prelude, const char **why)
{
	struct policy_files *files = NULL;
	struct policy_load *l = NULL;
	struct rtime accepted;
	char *path = NULL;
	bool ok = take_head(&kept, &accepted, &path) &&
	    (files = policy_files_new(conf->require_signature, conf->allowed_signers, accepted)) != NULL;

	while (ok && kept.n > 0)
		ok = take_file(&kept, files);
	*why = ok ? "out of memory" : "it is damaged";
	if (ok && (l = policy_load_new(conf, path, true, prelude)) != NULL) {
		l->now = accepted;
		policy_load_kept(l, files);
		files = NULL;
	}
	policy_files_free(&files);
	free(path);
	return l;
}

bool
last_good_is_kept(const char *state_dir)
{
	struct buf name = BUF_INIT;
	bool kept = file_name(state_dir, &name) && access(name.p, F_OK) == 0;

	buf_free(&name);
	return kept;
}

struct policy_load *
last_good_load(const struct config *conf, struct bytes prelude, const char **why)
{
	struct buf name = BUF_INIT, kept = BUF_INIT;
	struct policy_load *l = NULL;
	int rc = file_name(conf->state_dir, &name) ? safe_read(name.p, ST_LAST_GOOD_BYTES, &kept, NULL) : -ENOMEM;

	*why = strerror(-rc);
	if (rc == 0)
		l = load(conf, buf_bytes(&kept), prelude, why);
	buf_free(&name);
	buf_free(&kept);
	return l;
}
