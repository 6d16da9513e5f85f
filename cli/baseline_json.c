/* baseline_json: `sshtether baseline show --json`: the host and then an object a user, or one user in full. */
#include "base/json.h"
#include "cli/baseline.h"

static void
put_day(struct json *j, const char *key, int32_t day)
{
	char text[USUAL_DAY_STRLEN];

	json_kstr(j, key, usual_day_str(day, text));
}

static void
put_head(struct json *j, const struct baseline_head *h)
{
	json_kobject(j, "host");
	json_kstr(j, "name", h->host);
	json_end(j, '}');
	json_kuint(j, "days", h->days);
	json_kuint(j, "days_needed", h->data);
	json_kuint(j, "days_kept", h->window);
	json_kbool(j, "judges", h->days_before >= h->data);
}

static void
put_user(struct json *j, const struct baseline_user *u)
{
	json_kobject(j, "user");
	json_kstr(j, "name", u->name);
	json_end(j, '}');
	json_kuint(j, "active_days", u->days);
	put_day(j, "last", u->last);
	json_kbool(j, "judged", u->active.ready);
}

static void
put_hours(struct json *j, const struct baseline_user *u)
{
	json_karray(j, "hours_utc");
	for (unsigned i = 0; i < WEEK_HOURS; i++)
		json_uint(j, u->hours[i]);
	json_end(j, ']');
}

void
baseline_json_all(const struct baseline_head *h, const struct baseline_people *p, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	put_head(&j, h);
	json_kuint(&j, "users", p->n);
	json_kuint(&j, "entries", h->entries);
	json_kuint(&j, "bytes", h->bytes);
	json_kuint(&j, "dropped", h->dropped);
	json_end(&j, '}');
	buf_putc(out, '\n');
	for (size_t i = 0; i < p->n; i++) {
		const struct baseline_user *u = &p->list[i];

		json_init(&j, out);
		json_object(&j);
		put_user(&j, u);
		json_kuint(&j, "origins", u->of[USUAL_ORIGIN].n);
		json_kuint(&j, "keys", u->of[USUAL_KEY].n);
		json_kuint(&j, "destinations", u->of[USUAL_DESTINATION].n);
		put_hours(&j, u);
		json_end(&j, '}');
		buf_putc(out, '\n');
	}
}

/* --- one user ------------------------------------------------------------------------------------------- */

static void
put_values(struct json *j, const char *key, const struct baseline_values *all)
{
	json_karray(j, key);
	for (size_t i = 0; i < all->n; i++) {
		const struct baseline_value *v = &all->list[i];

		json_object(j);
		json_kstr(j, "value", v->text);
		json_kuint(j, "days", v->days);
		json_kuint(j, "count", v->count);
		put_day(j, "first", v->first);
		put_day(j, "last", v->last);
		json_end(j, '}');
	}
	json_end(j, ']');
}

static void
put_steps(struct json *j, const char *key, const struct baseline_values *all)
{
	uint64_t most, highest;

	baseline_steps(all, &most, &highest);
	if (all->n == 0)
		return;
	json_kobject(j, key);
	json_kuint(j, "usual", most);
	json_kuint(j, "highest", highest);
	json_end(j, '}');
}

void
baseline_json_user(const struct baseline_head *h, const struct baseline_user *u, struct buf *out)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	put_head(&j, h);
	put_user(&j, u);
	json_kuint(&j, "active_days_needed", h->active);
	put_values(&j, "origins", &u->of[USUAL_ORIGIN]);
	put_values(&j, "keys", &u->of[USUAL_KEY]);
	put_values(&j, "destinations", &u->of[USUAL_DESTINATION]);
	put_hours(&j, u);
	put_steps(&j, "duration_s", &u->of[USUAL_DURATION]);
	put_steps(&j, "volume_bytes", &u->of[USUAL_VOLUME]);
	put_values(&j, "sessions", &u->of[USUAL_SESSIONS]);
	put_values(&j, "networks", &u->of[USUAL_NETWORKS]);
	put_values(&j, "told", &u->of[USUAL_TOLD]);
	json_end(&j, '}');
	buf_putc(out, '\n');
}
