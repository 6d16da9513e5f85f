/*
 * say: a line for the terminals of a session: why something that its user did was stopped.  The words are the
 * engine's, so nothing but visible text leaves here, and always as sshtether's.  Runs in the monitor, beside its loop.
 */
#include <sshtether/limits.h>
#include <stdlib.h>

#include "agentd/monitor/errand.h"
#include "agentd/monitor/facts.h"
#include "agentd/monitor/registry.h"
#include "agentd/monitor/table.h"
#include "base/buf.h"
#include "base/proc.h"

struct saying {
	struct job job;
	struct monitor *m; /* borrowed; the loop's */
	uint32_t id, ses, auid;
	char text[ST_MESSAGE_MAX];
	uint32_t number[ST_TERMINALS]; /* of /dev/pts */
	size_t n, said;
};

static int
note_terminal(int pidfd, const struct facts *f, void *arg)
{
	struct saying *s = arg;
	struct proc_stat st;
	uint32_t number;

	(void)pidfd;
	if (proc_stat(f->pid, &st) != 0 || st.tty >> 20 != ERRAND_PTS)
		return 0;
	number = st.tty & 0xfffff;
	for (size_t i = 0; i < s->n; i++)
		if (s->number[i] == number)
			return 0;
	s->number[s->n++] = number;
	return s->n == ST_TERMINALS;
}

static void
run(struct job *job)
{
	struct saying *s = (struct saying *)job;
	struct buf line = BUF_INIT;

	buf_puts(&line, "\r\nsshtether: ");
	buf_put_visible(&line, bytes_of(s->text));
	buf_puts(&line, "\r\n");
	(void)facts_each(s->ses, note_terminal, s);
	for (size_t i = 0; buf_ok(&line) && i < s->n; i++)
		s->said += errand_write(s->auid, s->number[i], buf_bytes(&line)) == 0;
	buf_free(&line);
}

static void
done(struct job *job)
{
	struct saying *s = (struct saying *)job;

	table_answer(s->m, s->id, s->said > 0 ? RES_OK : RES_NOT_FOUND, s->said);
	free(s);
}

enum result
handle_say(struct monitor *m, const struct asked *q, struct answer *a)
{
	const struct mon_session *session = registry_get(m->registry, q->rq->ses);
	const struct say *say = q->body;
	struct saying *s;

	if (memchr(say->text, '\0', sizeof(say->text)) == NULL)
		return RES_BAD;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return RES_DENIED;
	*s = (struct saying){.job = {.run = run, .done = done}, .m = m, .id = q->rq->id, .ses = session->ses,
	    .auid = session->auid};
	memcpy(s->text, say->text, sizeof(s->text));
	a->later = aside_give(m->work[WORK_LOOK], &s->job);
	if (!a->later)
		free(s);
	return a->later ? RES_OK : RES_RATE;
}
