/* again: see again.h. */
#include "policy/again.h"

#include "policy/grammar.h"

void
again_take(struct parser *p, const struct given *g)
{
	struct again *a = &p->again;
	const unsigned braces = a->braces[0];

	a->first = p->blank && braces == 0;
	if (a->first)
		a->statement = g->kind;
	a->before[1] = a->before[0];
	a->before[0] = p->given.kind;
	a->braces[1] = braces;
	if (g->kind == T_OPEN)
		a->braces[0]++;
	else if (g->kind == T_CLOSE && braces != 0)
		a->braces[0]--;
	p->given = *g;
	if (g->kind == T_POL_YYerror)
		a->lost = true;
}

void
again_seek(struct parser *p)
{
	struct again *a = &p->again;

	/* Nothing comes behind the end. */
	if (p->given.kind == T_YYEOF)
		return;
	a->lost = a->held = true;
	a->braces[0] = a->braces[1];
	a->prose = a->before[0] == T_MESSAGE || (a->before[1] == T_MESSAGE && a->before[0] != T_STRING);
}

void
again_meant(struct parser *p, const char *word)
{
	struct keyword k;

	if (p->again.first && word != NULL && keyword_find(bytes_of(word), &k) &&
	    (k.token == T_ACTION || k.token == T_EXPECT))
		p->again.statement = k.token;
}

static bool
is_clause(int kind)
{
	return kind == T_SEVERITY || kind == T_MODE || kind == T_MESSAGE || kind == T_UNTIL || kind == T_TAG;
}

/* What stands next on the line can be the value of a condition or clause. */
static bool
value_follows(const struct parser *p)
{
	const struct bytes ahead = lexer_ahead(&p->lexer);
	struct keyword k;

	if (ahead.n == 0 || memchr(",}!", ahead.p[0], 3) != NULL)
		return false;
	return !keyword_find(ahead, &k) || (k.token != T_COND && !is_clause(k.token));
}

static bool
begins_again(const struct parser *p)
{
	const int kind = p->given.kind, statement = p->again.statement;
	const bool rule = statement == T_ACTION;

	if (kind == T_OPEN)
		return statement == T_MATCH && lexer_ahead(&p->lexer).n == 0;
	if (kind == T_AT)
		return rule && bytes_is(lexer_ahead(&p->lexer), "most");
	if (kind == T_COND)
		return (rule || statement == T_MATCH || statement == T_EXPECT) && value_follows(p);
	return rule && is_clause(kind) && value_follows(p);
}

bool
again_here(struct parser *p)
{
	struct again *a = &p->again;
	const bool newline = p->given.kind == T_NEWLINE, in_list = a->braces[p->given.kind == T_OPEN] != 0;

	if (!a->lost || !(newline || (!in_list && !a->prose && begins_again(p))))
		return false;
	if (newline)
		a->braces[0] = 0;
	a->lost = a->prose = false;
	return true;
}
