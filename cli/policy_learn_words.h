/*
 * policy_learn_words: a learned rule in the words of the language.  Of what a policy and its objects are written with;
 * nobody else includes this.
 */
#ifndef CLI_POLICY_LEARN_WORDS_H
#define CLI_POLICY_LEARN_WORDS_H

#include "cli/policy_learn.h"

/* A rule in words, and the tables that it names. */
struct wording {
	const struct learn *learn;
	struct tally *lists; /* of tables: what is in them */
	struct buf *tables;  /* borrowed: their lines */
	bool plain;          /* no tables, however long the lists: the rule stands in a comment */
};

void learn_put_rule(struct wording *, const struct learn_rule *, struct buf *out);
/* It was seen often enough. */
bool learn_in_force(const struct learn *, const struct learn_rule *);

/* One value of a set, as the language reads it. */
typedef void learn_put_fn(const struct learn *, uint32_t, struct buf *);
learn_put_fn learn_put_user, learn_put_key, learn_put_dest, learn_put_port, learn_put_owner;

#endif
