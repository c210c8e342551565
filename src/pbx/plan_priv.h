/*
 * plan_priv.h - what the files share that compile the rows of the numbering plan.
 *
 * Thread: loop. Errors: ENOMEM; ERR_SYNTAX and EEXIST with a sentence in `why`.
 */
#ifndef OFFHOOK_PBX_PLAN_PRIV_H
#define OFFHOOK_PBX_PLAN_PRIV_H

#include "base/buf.h"
#include "pbx/plan.h"
#include "pbx/why.h"

/* plan_row.c: a field of a row, or its table's default */
const char *plan_text(const struct resource *r, const json_t *row, const char *name);
uint32_t plan_number(const struct resource *r, const json_t *row, const char *name);
bool plan_truth(const struct resource *r, const json_t *row, const char *name);
/** Trimmed; what does not fit is empty. */
void plan_copy(char *dst, size_t size, const struct resource *r, const json_t *row, const char *name);
/** A field with a list, as words with single spaces between them; replaces (and frees) what `dst` had. */
int plan_words(char **dst, const struct resource *r, const json_t *row, const char *name) MUST_CHECK;
/** Is this a target that a call from outside can have? */
int plan_target_sound(const char *target, struct buf *why) MUST_CHECK;

/* plan_rules.c: routes to the outside and rules for calls that come in */
/** Replace a rule (`row` NULL: remove). */
int plan_out_take(struct plan *c, const char *key, json_t *row, struct buf *why) MUST_CHECK;
int plan_in_take(struct plan *c, const char *key, json_t *row, struct buf *why) MUST_CHECK;
/** Could it be compiled? */
int plan_out_check(const struct number_home *home, const char *key, json_t *row, struct buf *why) MUST_CHECK;
int plan_in_check(const char *key, json_t *row, struct buf *why) MUST_CHECK;
/** The row of a rule in plan.out or plan.in; NULL. New reference. */
json_t *plan_rule_row(const struct list *rules, const char *key);
/** All rules of a list end. */
void plan_rules_free(struct list *rules);

/* plan_did.c: our numbers */
int plan_did_take(struct plan *c, const char *key, json_t *row) MUST_CHECK;
int plan_did_check(const struct plan *c, const struct number_home *home, const char *key, json_t *row,
		   struct buf *why) MUST_CHECK;
json_t *plan_did_row(const struct plan *c, const char *key);
/** The country has changed: local forms mean other numbers now. */
int plan_did_again(struct plan *c) MUST_CHECK;
void plan_did_free(struct plan *c);

/* plan_numbering.c: numbering and brakes, tables of one row */
int plan_numbering_take(struct plan *c, json_t *row) MUST_CHECK;
int plan_numbering_check(const struct plan *c, const char *key, json_t *row, struct buf *why) MUST_CHECK;
int plan_brakes_take(struct plan *c, json_t *row) MUST_CHECK;
int plan_brakes_check(const char *key, json_t *row, struct buf *why) MUST_CHECK;

#endif
