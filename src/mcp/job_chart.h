/* SPDX-License-Identifier: Apache-2.0 */
/* job_chart.h - cordon://jobs/ID/chart: the picture of a job that has ended, drawn from its record
 * when somebody reads it. So a benchmark that went on in the background has one too.
 */
#pragma once

#include "mcp/call.h"

#define CHART_HEAD     "cordon://jobs/"
#define CHART_TAIL     "/chart"
#define CHART_TEMPLATE CHART_HEAD "{job_id}" CHART_TAIL
#define CHART_TYPE     "image/png"

/* Answers the call; `uri` begins with CHART_HEAD and ends with CHART_TAIL. */
void job_chart_read(struct call *call, const char *uri, const char *type);
