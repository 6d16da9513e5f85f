/* gates: see gates.h.  Asks for the status, where each gate has its name and whether it works. */
#include "cli/gates.h"

#include "cli/client.h"

struct told {
	bool said;
	unsigned gates;
};

static bool
take_status(const json_t *o, struct bytes line, void *arg)
{
	const json_t *list = answer_get(o, "gates"), *item;
	struct told *t = arg;
	size_t i;

	(void)line;
	if (!json_is_array(list))
		return true;
	t->said = true;
	json_array_foreach(list, i, item) {
		unsigned bit;

		if (pol_gate_parse(answer_str(item, "name"), &bit) && answer_bool(item, "works"))
			t->gates |= bit;
	}
	return true;
}

bool
gates_of_host(const struct cli *cli, unsigned *gates)
{
	struct told told = {0};
	const struct client_ask ask = {.fn = take_status, .arg = &told, .quiet = true,
	    .request = json_pack("{s:s}", "verb", "status")};

	if (client_ask(cli, &ask) != CLI_OK || !told.said)
		return false;
	*gates = told.gates;
	return true;
}
