/*
 * listed-origin: a login from an address that stands on a list of somebody's, or an open session when the list has it
 * from now on.  It is told whoever logs in and however little is known of him.
 *
 * Confidence: high; low where the user came from that network on USUAL_DAYS of the last days and more: lists of
 * addresses are wrong about an office more often than an office is about its users.  Pure.
 */
#include <stdio.h>

#include "agentd/detect/detector.h"

#define USUAL_DAYS 5

static void
tell(struct detect *d, struct session *s, const char *list, struct rtime now)
{
	char net[USUAL_NET_STRLEN], from[ADDR_STRLEN], usual[192] = "";
	struct finding f;
	struct usual u;

	s->listed = true;
	finding_of_session(d, s, ACT_LISTED_ORIGIN, now, &f);
	f.confidence = CONFIDENCE_HIGH;
	if (detect_usual(d, s, USUAL_ORIGIN, usual_net(s->peer.addr, net), now, &u) && u.days > 0) {
		(void)snprintf(usual, sizeof(usual), "; %s came from %s on %u of %u active days", s->user, net, u.days,
		    u.active);
		if (u.days >= USUAL_DAYS)
			f.confidence = CONFIDENCE_LOW;
	}
	finding_daily(d, &f, addr_str(s->peer.addr, from));
	finding_reason(&f, "comes from an address that %s lists%s", list, usual);
	finding_send(d, &f);
}

static void
look(struct detect *d, struct session *s, struct rtime now)
{
	const char *list = "a list";

	if (!s->listed && s->peer.addr.family != 0 && detect_is_listed(d, s->peer.addr, &list))
		tell(d, s, list, now);
}

static void
listed_opened(struct detect *d, void *state, const struct session *opened, struct rtime now)
{
	struct session *s = host_session(detect_host(d), opened->ses);

	(void)state;
	if (s != NULL)
		look(d, s, now);
}

struct looking {
	struct detect *d;
	struct rtime now;
};

static bool
look_at_open(struct session *s, void *arg)
{
	const struct looking *l = arg;

	if (s->ssh && s->state == SESSION_OPEN && !s->turned_away)
		look(l->d, s, l->now);
	return true;
}

void
detect_listed_anew(struct detect *d, struct rtime now)
{
	host_each_session(detect_host(d), look_at_open, &(struct looking){.d = d, .now = now});
}

const struct detector detector_listed_origin = {
	.name = "listed-origin",
	.opened = listed_opened,
};
