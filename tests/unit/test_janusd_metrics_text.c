// SPDX-License-Identifier: MIT
/*
 * Metrics as text, classic and OpenMetrics: names, escaping, histograms.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "metrics_text.h"

static struct metrics_text text;

static void setup(void)
{
	text = (struct metrics_text){ .text = TEXT_INIT(1 << 20) };
}

static void teardown(void)
{
	text_done(&text.text);
}

TestSuite(metrics_text, .init = setup, .fini = teardown);

static void label(const char *value)
{
	metrics_family(&text, METRICS_GAUGE, "g", "A gauge.");
	text_clear(&text.text);
	metrics_add(&text, &(struct metrics_label){ "l", value }, 1, 7);
}

Test(metrics_text, a_counter_is_called_total_where_the_classic_format_wants_it)
{
	metrics_one(&text, METRICS_COUNTER, "c", "Counts.", UINT64_MAX);
	cr_expect_str_eq(text.text.data, "# HELP c_total Counts.\n"
					 "# TYPE c_total counter\n"
					 "c_total 18446744073709551615\n");
}

Test(metrics_text, open_metrics_names_the_family_and_has_an_end)
{
	text.open_metrics = true;
	metrics_one(&text, METRICS_COUNTER, "c", "Counts.", 1);
	metrics_one(&text, METRICS_GAUGE, "g", "Is.", 2);
	metrics_end(&text);
	cr_expect_str_eq(text.text.data, "# HELP c Counts.\n# TYPE c counter\nc_total 1\n"
					 "# HELP g Is.\n# TYPE g gauge\ng 2\n# EOF\n");
}

Test(metrics_text, label_values_are_escaped)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
		{ "plain", "plain" },
		{ "", "" },
		{ "a\"b", "a\\\"b" },
		{ "a\\b", "a\\\\b" },
		{ "a\nb 1\n", "a\\nb 1\\n" },
		{ "k\xc3\xbc"
		  "che",
		  "k\xc3\xbc"
		  "che" },
		{ "a\xff"
		  "b",
		  "a\xef\xbf\xbd"
		  "b" },
		{ "\xc3", "\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char expected[128];

		label(cases[i].value);
		snprintf(expected, sizeof(expected), "g{l=\"%s\"} 7\n", cases[i].written);
		cr_expect_str_eq(text.text.data, expected, "case %zu", i);
	}
}

Test(metrics_text, labels_are_parted_by_commas)
{
	const struct metrics_label labels[] = { { "a", "1" }, { "b", "2" } };

	metrics_family(&text, METRICS_COUNTER, "c", "Counts.");
	text_clear(&text.text);
	metrics_add_real(&text, labels, 2, 0.5);
	cr_expect_str_eq(text.text.data, "c_total{a=\"1\",b=\"2\"} 0.5\n");
}

Test(metrics_text, a_histogram_counts_up_to_all)
{
	const uint64_t counts[] = { 1, 0, 2, 4 };
	const struct metrics_times times = { counts, 4, 1000000000, 2500000000 };

	metrics_family(&text, METRICS_HISTOGRAM, "h", "Times.");
	text_clear(&text.text);
	metrics_add_times(&text, &times);
	cr_expect_str_eq(text.text.data, "h_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 1\n"
					 "h_bucket{le=\"4\"} 3\nh_bucket{le=\"+Inf\"} 7\n"
					 "h_sum 2.500000000\nh_count 7\n");
}

Test(metrics_text, what_does_not_fit_is_known)
{
	text.text.limit = 40;
	metrics_one(&text, METRICS_COUNTER, "c", "Counts.", 1);
	cr_expect(text.text.cut);
}
