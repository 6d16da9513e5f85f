/* reader: see reader.h.  Runs in the monitor. */
#include "agentd/monitor/reader.h"

#include <stdlib.h>
#include <sys/sysmacros.h>

#include "agentd/monitor/facts.h"

#define SAME_MS 10000
#define RECENT  512 /* things that were told lately; slots */
#define BUCKETS 256 /* sessions that open much at the same time; of two in one slot the newer begins anew */

struct readers {
	struct monitor *m; /* borrowed */
	struct {
		uint64_t key;
		struct mtime when;
	} recent[RECENT];
	struct {
		uint64_t key; /* of the session, and whose it was */
		bool used;
		struct rate rate;
	} bucket[BUCKETS];
	uint64_t untold;
};

static uint64_t
key_of(uint64_t what, uint32_t pid, uint64_t start_ticks)
{
	return hash_u64(what ^ hash_u64(pid ^ start_ticks << 20));
}

static bool
is_recent(const struct readers *r, uint64_t key, struct mtime now)
{
	return r->recent[key % RECENT].key == key && mtime_ms_since(now, r->recent[key % RECENT].when) < SAME_MS;
}

static bool
is_news(struct readers *r, uint64_t key)
{
	const struct mtime now = mtime_now();
	const size_t i = key % RECENT;

	if (is_recent(r, key, now))
		return false;
	r->recent[i].key = key;
	r->recent[i].when = now;
	return true;
}

static bool
may_tell(struct readers *r, uint32_t ses, uint64_t whose)
{
	const uint64_t key = hash_u64(ses ^ hash_u64(whose));
	const size_t i = key % BUCKETS;

	if (!r->bucket[i].used || r->bucket[i].key != key) {
		r->bucket[i].used = true;
		r->bucket[i].key = key;
		rate_init(&r->bucket[i].rate, ST_WATCH_TELL, 60000, mtime_now());
	}
	return rate_take(&r->bucket[i].rate, mtime_now());
}

static void
put_facts(const struct facts *f, struct notice *n)
{
	uint64_t dev;

	n->start_ticks = f->start_ticks;
	n->ses = f->ses;
	n->auid = f->auid;
	n->uid = f->ruid;
	n->euid = f->euid;
	if (facts_program(f->pid, &dev, &n->inode) != 0)
		return;
	n->dev_major = major(dev);
	n->dev_minor = minor(dev);
}

/* Before all else is asked about him, which costs ten times as much: who reads in a loop is told of once. */
static bool
is_told(const struct readers *r, const struct fan_event *ev, uint64_t what)
{
	struct proc_stat st;
	uint64_t key;

	if (ev->pidfd < 0 || proc_stat(ev->pid, &st) != 0)
		return false;
	key = key_of(what, (uint32_t)ev->pid, st.start_ticks);
	return is_recent(r, key, mtime_now());
}

bool
reader_note(struct readers *r, const struct fan_event *ev, uint64_t whose, uint64_t what, struct notice *n)
{
	struct facts f;

	if (is_told(r, ev, what))
		return false;
	n->pid = (uint32_t)ev->pid;
	n->ses = n->auid = n->uid = n->euid = UINT32_MAX;
	if (ev->pidfd >= 0 && facts_of(ev->pidfd, ev->pid, &f) == 0)
		put_facts(&f, n);
	else
		n->flags |= WATCHF_GONE;
	if ((n->flags & WATCHF_GONE) == 0 && n->ses == SES_UNSET)
		return false;
	if (!is_news(r, key_of(what, n->pid, n->start_ticks)))
		return false;
	if (!may_tell(r, n->ses, whose)) {
		r->untold++;
		return false;
	}
	n->value = r->untold;
	r->untold = 0;
	return true;
}

void
reader_overflow(struct readers *r, enum notice_kind kind)
{
	const struct notice n = {.kind = kind, .flags = WATCHF_OVERFLOW, .ses = SES_UNSET, .auid = AUID_UNSET};

	(void)monitor_send(r->m, &n, NULL, 0);
}

struct readers *
readers_new(struct monitor *m)
{
	struct readers *r = calloc(1, sizeof(*r));

	if (r != NULL)
		r->m = m;
	return r;
}

void
readers_free(struct readers **r)
{
	free(*r);
	*r = NULL;
}
