/*
 * grammar: the shape of a policy; what it means is build.c's.  A wrong rule is skipped to its next condition or
 * clause, any other wrong line to its end (again.c), so that one run tells all errors.  Lists recurse to the left:
 * the stack grows with the depth of match blocks only.
 */
%code requires {
#include "policy/parse.h"
}
%code {
#include "policy/again.h"
#include "policy/syntax.h"

static int pol_yylex(YYSTYPE *, YYLTYPE *, struct parser *);
static void pol_yyerror(YYLTYPE *, struct parser *, const char *);

#define YYLLOC_DEFAULT(cur, rhs, n) \
	((cur) = (n) != 0 ? span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n)) : YYRHSLOC(rhs, 0))
/* The tree hangs in the arena: nothing to free, and no more memory than the arena gives. */
#define YYMAXDEPTH 10000

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wconversion"
#endif
}

%define api.pure full
%define api.prefix {pol_yy}
%define api.token.prefix {T_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%param { struct parser *p }

%union {
	struct lexeme lexeme;
	struct value *value;
	struct values values;
	struct cond *cond;
	struct conds conds;
	struct clauses clauses;
	uint32_t activities;
}

%token START_POLICY START_QUESTION START_TESTS
%token AGAIN "what is read again after an error"
%token <lexeme> WORD "a word" STRING "a string" TABLE_NAME "a <table>"
%token OPEN "'{'" CLOSE "'}'" COMMA "','" NOT "'!'" NEWLINE "the end of the line"
%token <lexeme> ACTION "an action" ACTIVITY "an activity" COND "a condition"
%token <lexeme> INCLUDE "include" FLEET "fleet" SERIAL "serial" MODE "mode" SSH_PORTS "ssh-ports" TABLE "table"
%token <lexeme> FROM_FILE "file" NEVER_STOP "never-stop" NO_BASELINE "no-baseline" SPARE "spare"
%token <lexeme> STOP_LIMIT "stop-limit"
%token <lexeme> IN "in" OFF "off" UNGRANTED "ungranted" MATCH "match" EXPECT "expect"
%token <lexeme> HOST "host" ROLE "role"
%token <lexeme> ANY "any" ALL "all" UNIX "unix" UNSIGNED "unsigned" MOST "most"
%token <lexeme> SEVERITY "severity" MESSAGE "message" UNTIL "until" TAG "tag" AT "at"

%type <lexeme> text loose scope
%type <value> value member
%type <values> values list members
%type <cond> cond
%type <conds> conds some_conds wrong_conds
%type <clauses> clauses
%type <activities> activities

%%

start:
	  START_POLICY lines
	| START_QUESTION question
	| START_TESTS tests
	;

lines:
	  %empty
	| lines line
	;

line:
	  NEWLINE
	| statement NEWLINE
	| rule NEWLINE
	| block NEWLINE
	| wrong_table
	| wrong
	;

/* It is there, whatever it should hold: who uses it is not wrong. */
wrong_table:
	  TABLE TABLE_NAME again NEWLINE { build_table(p, &$2, (struct values){0}); }
	;

wrong:
	  again clauses NEWLINE { build_wrong_rule(p, &$2); }
	;

/* An error, and what was skipped for it.  It comes before the end of the line at the latest. */
again:
	  error AGAIN
	  {
		yyerrok;
		if (diag_full(p->diag))
			YYABORT;
	  }
	;

statement:
	  INCLUDE value { build_include(p, @1, $2); }
	| FLEET value { build_fleet(p, @1, $2); }
	| SERIAL value { build_serial(p, @1, $2); }
	| MODE value { build_mode(p, @1, $2); }
	| SSH_PORTS values { build_ssh_ports(p, @1, $2); }
	| TABLE TABLE_NAME OPEN nls CLOSE { build_table(p, &$2, (struct values){0}); }
	| TABLE TABLE_NAME list { build_table(p, &$2, $3); }
	| TABLE TABLE_NAME FROM_FILE text { build_table_file(p, &$2, build_value(p, &$4), false); }
	| TABLE TABLE_NAME FROM_FILE text UNSIGNED { build_table_file(p, &$2, build_value(p, &$4), true); }
	| NEVER_STOP cond { build_never_stop(p, @1, $2); }
	| NO_BASELINE cond { build_no_baseline(p, @1, $2); }
	| SPARE cond { build_spare(p, @1, $2); }
	| STOP_LIMIT OFF { build_stop_limit(p, @1, NULL, NULL); }
	| STOP_LIMIT WORD IN value { build_stop_limit(p, @1, build_value(p, &$2), $4); }
	| UNGRANTED value { build_ungranted(p, @1, $2); }
	| expectation
	;

expectation:
	  EXPECT ACTION ACTIVITY conds
	  { build_expect(p, @1, &$2, NULL, (enum activity)$3.word.value, $4); }
	| EXPECT ACTION ALL ACTIVITY conds
	  { build_expect(p, @1, &$2, &@3, (enum activity)$4.word.value, $5); }
	| EXPECT ACTION ACTIVITY wrong_conds { build_wrong_expect(p, &$4); }
	| EXPECT ACTION ALL ACTIVITY wrong_conds { build_wrong_expect(p, &$5); }
	| EXPECT again conds { build_wrong_expect(p, &$3); }
	| EXPECT again wrong_conds { build_wrong_expect(p, &$3); }
	;

rule:
	  ACTION activities clauses { build_rule(p, &$1, NULL, $2, false, &$3); }
	| ACTION ALL activities clauses { build_rule(p, &$1, &@2, $3, false, &$4); }
	| ACTION ANY clauses { build_rule(p, &$1, NULL, 0, true, &$3); }
	| ACTION ALL ANY clauses { build_rule(p, &$1, &@2, 0, true, &$4); }
	| ACTION again clauses { build_wrong_rule(p, &$3); }
	;

activities:
	  ACTIVITY { $$ = build_activities(p, 0, &$1); }
	| activities COMMA ACTIVITY { $$ = build_activities(p, $1, &$3); }
	;

block:
	  MATCH some_conds OPEN NEWLINE { build_block_open(p, @1, $2); }
	  lines CLOSE { build_block_close(p); }
	| MATCH wrong_conds { build_wrong_match(p, &$2); }
	| MATCH wrong_conds OPEN NEWLINE
	  {
		build_wrong_match(p, &$2);
		build_block_open(p, @1, (struct conds){0});
	  }
		  lines CLOSE { build_block_close(p); }
	;

clauses:
	  %empty { $$ = (struct clauses){0}; }
	| clauses cond { $$ = $1; $$.conds = build_conds($$.conds, $2); }
	| clauses SEVERITY value { $$ = $1; build_clause(p, &$$.severity, @2, $3); }
	| clauses MODE value { $$ = $1; build_clause(p, &$$.mode, @2, $3); }
	| clauses MESSAGE value { $$ = $1; build_clause(p, &$$.message, @2, $3); }
	| clauses UNTIL value { $$ = $1; build_clause(p, &$$.until, @2, $3); }
	| clauses TAG values { $$ = $1; build_tags(p, &$$.tags, @2, $3); }
	| clauses AT MOST value { $$ = $1; build_clause(p, &$$.at_most, @2, $4); }
	| clauses again { $$ = $1; $$.wrong = true; }
	;

conds:
	  %empty { $$ = (struct conds){0}; }
	| some_conds
	;

some_conds:
	  cond { $$ = build_conds((struct conds){0}, $1); }
	| some_conds cond { $$ = build_conds($1, $2); }
	;

/* Those of them that could be read. */
wrong_conds:
	  again { $$ = (struct conds){0}; }
	| some_conds again
	| wrong_conds again
	| wrong_conds cond { $$ = build_conds($1, $2); }
	;

cond:
	  COND values { $$ = build_cond(p, false, &$1, NULL, $2, @1); }
	| COND scope values { $$ = build_cond(p, false, &$1, &$2, $3, @1); }
	| NOT COND values { $$ = build_cond(p, true, &$2, NULL, $3, @2); }
	| NOT COND scope values { $$ = build_cond(p, true, &$2, &$3, $4, @2); }
	;

scope:
	  HOST
	| ROLE
	;

values:
	  value { $$ = build_list((struct values){0}, $1); }
	| list
	;

list:
	  OPEN nls members nls CLOSE { $$ = $3; }
	| OPEN nls members nls COMMA nls CLOSE { $$ = $3; }
	;

members:
	  member { $$ = build_list((struct values){0}, $1); }
	| members nls COMMA nls member { $$ = build_list($1, $5); }
	;

member:
	  value
	| NOT value
	  {
		$$ = $2;
		if ($$ != NULL)
			$$->negate = true;
	  }
	;

value:
	  text { $$ = build_value(p, &$1); }
	| TABLE_NAME { $$ = build_value(p, &$1); }
	| UNIX text
	  {
		$$ = build_value(p, &$2);
		if ($$ != NULL)
			$$->kind = VAL_UNIX;
	  }
	;

text:
	  WORD
	| STRING
	| loose
	;

/*
 * Words of the language that are no less good as values: nothing that could follow a value, but 'at', which is
 * the name of a way into a session (via).
 */
loose:
	  ACTION | ACTIVITY | INCLUDE | FLEET | SERIAL | SSH_PORTS | TABLE | FROM_FILE | NEVER_STOP | NO_BASELINE
	| SPARE | STOP_LIMIT | IN | OFF | UNGRANTED | MATCH | EXPECT | ANY | ALL | UNSIGNED
	| AT | MOST
	;

nls:
	  %empty
	| nls NEWLINE
	;

question:
	  ACTIVITY conds NEWLINE
	  { build_expect(p, @1, NULL, NULL, (enum activity)$1.word.value, $2); }
	;

tests:
	  %empty
	| tests test
	;

test:
	  NEWLINE
	| expectation NEWLINE
	| wrong
	;

%%

/* Tokens of the lexer, by their kind; a word may be one of the language. */
static void
read_token(struct parser *p)
{
	static const int kinds[] = {
	    [TOK_NEWLINE] = T_NEWLINE, [TOK_WORD] = T_WORD, [TOK_STRING] = T_STRING,
	    [TOK_TABLE] = T_TABLE_NAME, [TOK_OPEN] = T_OPEN, [TOK_CLOSE] = T_CLOSE,
	    [TOK_COMMA] = T_COMMA, [TOK_NOT] = T_NOT, [TOK_BAD] = T_POL_YYerror, [TOK_END] = T_YYEOF,
	};
	struct token t = lexer_next(&p->lexer);
	struct given g = {.kind = kinds[t.kind], .lexeme.token = t};

	/* The last line ends even where its newline is missing. */
	if (t.kind == TOK_END && !p->blank)
		g.kind = T_NEWLINE;
	if (t.kind == TOK_WORD && keyword_find(t.text, &g.lexeme.word))
		g.kind = g.lexeme.word.token;
	again_take(p, &g);
	p->blank = g.kind == T_NEWLINE || g.kind == T_YYEOF;
}

static int
pol_yylex(YYSTYPE *lval, YYLTYPE *lloc, struct parser *p)
{
	int kind;

	if (p->start != 0) {
		kind = p->start;
		p->start = 0;
		*lloc = (struct span){.src = p->lexer.src, .line = 1};
		return kind;
	}
	if (!p->again.held)
		read_token(p);
	*lloc = p->given.lexeme.token.at;
	lval->lexeme = p->given.lexeme;
	p->again.held = again_here(p);
	return p->again.held ? T_AGAIN : p->given.kind;
}

static void
pol_yyerror(YYLTYPE *at, struct parser *p, const char *what)
{
	(void)what; /* the stack is full: nothing else comes here */
	diag_error(p->diag, *at, "match blocks inside match blocks, without end");
}

static int
yyreport_syntax_error(const yypcontext_t *ctx, struct parser *p)
{
	yysymbol_kind_t kinds[YYNTOKENS];
	struct syntax_error r = {.at = *yypcontext_location(ctx)};
	int n = yypcontext_expected_tokens(ctx, kinds, YYNTOKENS);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		syntax_expected(&r, yysymbol_name(kinds[i]));
	syntax_report(p, &r);
	again_seek(p);
	return 0;
}
