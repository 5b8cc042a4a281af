/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "str.h"

/* What a program finds if our caller's terminal has no name, or none that can be one. */
#define TERM_PLAIN "dumb"
#define TERM_MAX   64

/* There is one, and a crash handler has to find it. */
static struct {
    struct termios found;
    volatile sig_atomic_t handed_over;
    bool known;
} own;

int terminal_check(const struct options *options, struct error *err)
{
    if (options->json)
        return fail_caller(err, EINVAL,
                           "--tty and --json exclude each other: --report FILE has the result");
    if (tcgetattr(STDIN_FILENO, &own.found) < 0)
        return fail_caller(err, ENOTTY, "--tty: standard input is not a terminal");
    own.known = true;
    return 0;
}

static bool is_plain(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+", *c))
            return false;
    return *name && strlen(name) <= TERM_MAX;
}

void terminal_describe(struct launch *launch)
{
    const char *name = getenv("TERM");
    launch->terminal = xstrdup(name && is_plain(name) ? name : TERM_PLAIN);
    (void)terminal_size(&launch->screen);
}

bool terminal_size(struct screen *ret)
{
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
        return false;
    *ret = (struct screen){ .rows = size.ws_row, .columns = size.ws_col };
    return true;
}

/* Some other job has it, and a shell has set it up for that one. */
static bool in_background(void)
{
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    return foreground > 0 && foreground != getpgrp();
}

/* Calls only what a signal handler may. */
static void set_back(void)
{
    if (!own.handed_over)
        return;
    own.handed_over = 0;
    if (in_background()) /* it would stop us, and there is nothing to set back */
        return;
    /* Without waiting for what is still to be shown: nobody may ever look. */
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &own.found);
}

static void on_crash(int number)
{
    set_back();
    (void)raise(number); /* its action is the default again */
}

static void watch_crashes(void)
{
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };
    struct sigaction action = { .sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND };
    for (size_t i = 0; i < COUNT(crashes); i++)
        (void)sigaction(crashes[i], &action, NULL);
}

void terminal_hand_over(void)
{
    struct termios modes = own.found;
    if (!own.known)
        return;
    cfmakeraw(&modes);
    if (!own.handed_over)
        watch_crashes();
    own.handed_over = 1; /* first: a crash between the two does no harm this way round */
    /* In the background this stops us (SIGTTOU), as it should. */
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

void terminal_take_back(void)
{
    if (own.handed_over && !in_background())
        (void)tcflush(STDIN_FILENO, TCIFLUSH);
    set_back();
}

void terminal_stop(void)
{
    set_back();
    (void)kill(getpid(), SIGSTOP);
}
