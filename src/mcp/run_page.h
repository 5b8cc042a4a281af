/* SPDX-License-Identifier: Apache-2.0 */
/* run_page.h - the page that shows a run live, in clients that show pages (MCP Apps, extension
 * io.modelcontextprotocol/ui, version 2026-01-26). */
#pragma once

#include <stddef.h>

/* What clients declare that show pages (call_can()). */
#define SHOWS_PAGES "extensions.io.modelcontextprotocol/ui"

#define RUN_PAGE_URI  "ui://cordon/run"
#define RUN_PAGE_TYPE "text/html;profile=mcp-app"
#define RUN_PAGE_META "{\"ui\":{\"prefersBorder\":true}}"

/* run_page.html, byte for byte: CMakeLists.txt makes an array of it. */
extern const char run_page[];
extern const size_t run_page_len;
