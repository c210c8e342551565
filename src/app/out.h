/*
 * out.h - what people see on the terminal: tables, colours, times.
 *
 * Colours only on a terminal, never with NO_COLOR. Text that came from the network is
 * shown with its control characters replaced. Thread: main.
 */
#ifndef OFFHOOK_APP_OUT_H
#define OFFHOOK_APP_OUT_H

#include <jansson.h>
#include <stdio.h>
#include "base/buf.h"

enum style { STYLE_OFF, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };
/** Look at the terminal once. */
void term_init(void);
/** Escape sequence for standard output, or "". */
const char *out_style(enum style s);
/** The same for standard error. */
const char *err_style(enum style s);

/** Columns that a text takes on a terminal (UTF-8; East Asian wide characters take two, combining ones none). */
size_t out_width(const char *s);

enum { TABLE_COLS = 12 };
struct table {
	const char *title[TABLE_COLS];
	unsigned right; /**< bit per column that is aligned right */
	size_t ncol;
	char **cell;   /**< rows of ncol */
	size_t n, cap; /**< cells */
	int err;
};
/** New table; titles are static; `right` has a bit for each column of numbers. */
void table_init(struct table *t, const char *const *title, size_t ncol, unsigned right);
/** Add the next cell, row by row. NULL is empty. */
void table_cell(struct table *t, const char *s);
void table_cellf(struct table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** Print with a heading, free. The last column is cut to the terminal's width. */
void table_print(struct table *t);
/** One "name   value" line with the name padded to `width`. */
void out_pair(const char *name, size_t width, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** JSON to standard output, indented, with a newline. */
void out_json(const json_t *o);
/** String member or "". */
const char *js(const json_t *o, const char *name);
/** Integer member or 0. */
int64_t ji(const json_t *o, const char *name);
/** "3 s", "2:05", "1:02:05"; `dst` of 32 bytes; returns dst. */
char *out_seconds(int64_t s, char *dst);
/** "3 seconds", "2 minutes", "5 hours 2 minutes", "3 days 4 hours"; `dst` of 64 bytes; returns dst. */
char *out_span(int64_t s, char *dst);
/** Warnings of an answer, on standard error. */
void out_warnings(const json_t *res);

#endif
