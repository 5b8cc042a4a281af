/* SPDX-License-Identifier: Apache-2.0 */
/* attack: lets a setuid program of the host's raise it to root
 * category: privileges
 * inside: nosuid, no_new_privs, and no root to become
 * as: root
 */
#include <sys/wait.h>

#include "attack.h"

/* Which of the programs waits for a password and can be looked at meanwhile. */
static const char *const programs[] = { "/usr/bin/su", "/usr/bin/passwd", "/usr/bin/chsh" };

static bool is_root(pid_t pid)
{
    char path[32], line[128];
    int real = 1, effective = 1;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "Uid: %d %d", &real, &effective) == 2)
            break;
    if (file)
        (void)fclose(file);
    return effective == 0;
}

static bool try_program(const char *program)
{
    int ends[2];
    if (pipe(ends) < 0)
        return false;
    pid_t child = fork();
    if (child < 0)
        stopped("fork");
    if (child == 0) {
        (void)dup2(ends[0], 0);
        /* In a box this fails, and nobody there is root anyway. */
        (void)!setuid(65534);
        (void)execl(program, program, (char *)NULL);
        _exit(127);
    }
    bool found = false;
    usleep(20 * 1000); /* until it is no longer the root that started it */
    for (int i = 0; i < 30 && !found; i++) {
        usleep(10 * 1000);
        found = is_root(child);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    return found;
}

int main(void)
{
    for (size_t i = 0; i < COUNT(programs); i++)
        if (try_program(programs[i]))
            worked(programs[i]);
    errno = EPERM;
    stopped("no program became root");
}
