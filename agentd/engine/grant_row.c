/* grant_row: see grant_row.h. */
#include "agentd/engine/grant_row.h"

#include <assert.h>
#include <openssl/evp.h>

_Static_assert(POL_ADDR_CLASSES == GRANT_ADDRS && POL_PORT_CLASSES == GRANT_PORTS, "a class has one number");
_Static_assert((int)POL_ALLOW == (int)GRANT_ALLOW && (int)POL_REPORT == (int)GRANT_REPORT &&
    (int)POL_DENY == (int)GRANT_DENY, "verdicts are cast");

static void
set_tcp(struct grant *g, enum grant_via via, const enum pol_verdict v[POL_PORT_CLASSES][POL_ADDR_CLASSES])
{
	for (unsigned p = 0; p < GRANT_PORTS; p++)
		for (unsigned a = 0; a < GRANT_ADDRS; a++)
			g->tcp[via][p][a / 4] |= (uint8_t)(v[p][a] << a % 4 * 2);
}

/*
 * The kernel tells the same login by one number, the key's; by the model it may also be the same
 * certificate with another key.  Where that cannot be told apart, what is allowed to the one is not refused
 * to the other.
 */
static bool
is_blurred(const struct session *s)
{
	return s == NULL || !s->key_known || s->cert;
}

static void
set_unix(struct grant *g, enum grant_socket kind, const enum pol_verdict v[OWNER_COUNT], bool blurred)
{
	const enum pol_verdict same_user = blurred && v[OWNER_SAME_LOGIN] < v[OWNER_SAME_USER] ?
	    v[OWNER_SAME_LOGIN] : v[OWNER_SAME_USER];

	g->unix_use[kind][GRANT_SELF] = (uint8_t)v[OWNER_SELF];
	g->unix_use[kind][GRANT_SAME_LOGIN] = (uint8_t)v[OWNER_SAME_LOGIN];
	g->unix_use[kind][GRANT_SAME_USER] = (uint8_t)same_user;
	g->unix_use[kind][GRANT_OTHER] = (uint8_t)v[OWNER_OTHER];
}

uint64_t
grant_login_id(const struct session *s, const char *boot_id)
{
	struct {
		char boot_id[40], key[ST_FP_MAX];
		uint64_t auid;
	} who = {.auid = s->auid};
	unsigned char digest[EVP_MAX_MD_SIZE];
	uint64_t id;

	if (!s->key_known || s->key_fp[0] == '\0' || s->auid == AUID_UNSET)
		return 0;
	(void)bytes_copy(bytes_of(boot_id), who.boot_id, sizeof(who.boot_id));
	(void)bytes_copy(bytes_of(s->key_fp), who.key, sizeof(who.key));
	if (EVP_Digest(&who, sizeof(who), digest, NULL, EVP_sha256(), NULL) != 1)
		return 0;
	memcpy(&id, digest, sizeof(id));
	return id != 0 ? id : 1;
}

void
grant_row(const struct pol_grant *p, const struct session *s, const char *boot_id, uint32_t generation,
    struct grant *out)
{
	struct grant g = {.generation = generation,
	    .flags = p->no_destination ? GRANTF_NO_DESTINATION : 0,
	    .login = s != NULL ? grant_login_id(s, boot_id) : 0};

	set_tcp(&g, VIA_SSH, p->ssh);
	set_tcp(&g, VIA_RELAY, p->relay);
	set_unix(&g, SOCKET_AGENT, p->agent, is_blurred(s));
	set_unix(&g, SOCKET_MUX, p->mux, is_blurred(s));
	*out = g;
}

struct class_prefix
grant_prefix(const struct pol_prefix *p)
{
	struct class_prefix c = {.bits = p->prefix.bits, .addr_class = (uint8_t)p->addr_class};

	if (p->prefix.addr.family != 4) {
		memcpy(c.addr, p->prefix.addr.b, sizeof(c.addr));
		return c;
	}
	c.bits = (uint8_t)(c.bits + 96);
	c.addr[10] = c.addr[11] = 0xff;
	memcpy(c.addr + 12, p->prefix.addr.b, 4);
	return c;
}

struct class_ports
grant_ports(const struct pol_ports *p)
{
	return (struct class_ports){.lo = p->lo, .hi = p->hi, .port_class = (uint8_t)p->port_class,
	    .ssh = p->ssh};
}
