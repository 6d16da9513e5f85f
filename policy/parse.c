/* parse: runs the grammar over one text.  See parse.h. */
#include "policy/parse.h"

#include "policy/grammar.h"

static bool
run(struct parser *p, int start)
{
	unsigned before = p->diag->errors;
	int status;

	p->start = start;
	p->blank = true;
	status = pol_yyparse(p);
	/* 2: memory or depth, which yyerror has said */
	return status == 0 && p->diag->errors == before && !p->diag->failed &&
	    !p->policy->arena.failed && !p->tables.failed && !p->parts.failed;
}

bool
parse_policy(struct parser *p)
{
	return run(p, T_START_POLICY);
}

bool
parse_question(struct parser *p)
{
	return run(p, T_START_QUESTION);
}

bool
parse_tests(struct parser *p)
{
	return run(p, T_START_TESTS);
}
