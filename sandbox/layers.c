/* SPDX-License-Identifier: Apache-2.0 */
/* layers.c - the verdict per layer and limit. */
#include "layers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "str.h"

void layers_add(struct started *started, const char *name, const char *value)
{
    started->layers =
        xrealloc(started->layers, (started->layer_count + 1) * sizeof(*started->layers));
    started->layers[started->layer_count++] =
        (struct layer){ .name = xstrdup(name), .value = xstrdup(value) };
}

/* A step that fails ends the run, so a box that stands has taken all of these; the
 * witness says whether they held. */
static const char *const always_on[] = { "user",    "mount",        "pid",
                                         "ipc",     "uts",          "cgroup_ns",
                                         "seccomp", "capabilities", "no_new_privileges",
                                         "rlimits" };

/* `value` unless the witness got through. */
static void add_witnessed(struct started *started, const struct verdict *verdict, const char *name,
                          const char *value)
{
    const char *fault = verdict ? verdict_fault(verdict, name) : NULL;
    autofree char *text = fault ? xasprintf("off: self-test: %s", fault) : xstrdup(value);
    layers_add(started, name, text);
}

static void add_layers(const struct plan *plan, const struct verdict *verdict,
                       struct started *started)
{
    for (size_t i = 0; i < COUNT(always_on); i++)
        add_witnessed(started, verdict, always_on[i], "on");
    add_witnessed(started, verdict, "net", "on");
    if (access("/proc/self/ns/time", F_OK) == 0)
        add_witnessed(started, verdict, "time", "on");
    else
        layers_add(started, "time", "off: the kernel has no time namespaces (5.6)");
    char landlock[64];
    (void)snprintf(landlock, sizeof(landlock), "abi %d", plan->landlock);
    if (plan->landlock > 0)
        add_witnessed(started, verdict, "landlock", landlock);
    else
        layers_add(started, "landlock", "off: the kernel has no Landlock (5.13)");
    layers_add(started, "egress", plan->egress ? "on" : "off: the policy opens no way out");
}

static void add_limits(const struct cgroup *cgroup, const char *growth, struct started *started)
{
    const char *cpu = cgroup->v2 >= 0 ? "enforced (cgroup v2 CPU time)"
                      : cgroup_has_cpu(cgroup)
                          ? "enforced (cgroup v1 CPU time)"
                          : "approximated (looked at ever more often near the limit)";
    const char *memory = cgroup->memory_v2 ? "enforced (cgroup v2)"
                         : !cgroup_has_memory(cgroup)
                             ? "approximated (sampled every 5 ms, without what the kernel "
                               "keeps for sockets and the like)"
                         : cgroup->sockets_bytes > 0
                             ? "enforced (cgroup v1, network sockets by a bound of their own)"
                             : "enforced (cgroup v1, without network sockets)";
    const char *pids = cgroup->pids_v2 ? "enforced (cgroup v2)"
                       : cgroup_has_pids(cgroup)
                           ? "enforced (cgroup v1)"
                           : "enforced (resource limit of the box's own users)";
    const char *const rows[][2] = {
        { "limits.wall", "enforced (timer)" },
        { "limits.cpu", cpu },
        { "limits.memory", memory },
        { "limits.pids", pids },
        { "limits.open_files", "enforced (resource limit per process)" },
        { "limits.file", "enforced (resource limit)" },
        { "limits.scratch", "enforced (size of the tmpfs)" },
        { "limits.inodes", "enforced (size of the tmpfs)" },
        { "limits.output", "enforced (counted)" },
        { "limits.workspace_growth", growth ? growth : "enforced (no workspace)" },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        layers_add(started, rows[i][0], rows[i][1]);
}

void layers_make(const struct plan *plan, const struct cgroup *cgroup,
                 const struct verdict *verdict, const char *growth, struct started *started)
{
    add_layers(plan, verdict, started);
    add_limits(cgroup, growth, started);
}

void layers_none(const char *reason, struct started *started)
{
    static const char *const others[] = { "net", "time", "landlock", "egress" };
    autofree char *off = xasprintf("off: %s", reason), *missing = xasprintf("missing: %s", reason);
    for (size_t i = 0; i < COUNT(always_on); i++)
        layers_add(started, always_on[i], off);
    for (size_t i = 0; i < COUNT(others); i++)
        layers_add(started, others[i], off);
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        autofree char *name = xasprintf("limits.%s", limit_fields[i].name);
        layers_add(started, name, missing);
    }
}

static const char *value_of(const struct started *started, const char *name)
{
    for (size_t i = 0; i < started->layer_count; i++)
        if (strcmp(started->layers[i].name, name) == 0)
            return started->layers[i].value;
    return "off: this version does not know it";
}

static bool holds(const char *value, bool approximation)
{
    return strcmp(value, "on") == 0 || starts_with(value, "abi ") ||
           starts_with(value, "enforced") || (approximation && starts_with(value, "approximated"));
}

int layers_require(const struct policy *policy, const struct started *started, struct error *err)
{
    for (size_t i = 0; policy->require && policy->require[i]; i++) {
        autofree char *name = xstrdup(policy->require[i]);
        bool approximation = ends_with(name, "~");
        if (approximation)
            name[strlen(name) - 1] = '\0';
        const char *value = value_of(started, name);
        if (!holds(value, approximation))
            return fail_policy(err, EPERM, "policy %s requires %s, which is %s here", policy->name,
                               policy->require[i], value);
    }
    return 0;
}

static const char *const advice[][2] = {
    { "landlock", "boot with lsm=landlock,... or a kernel of 5.13 or newer" },
    { "time", "a kernel of 5.6 or newer" },
    { "limits.memory",
      "run as root, or in a cgroup v2 delegated to you (systemd-run --user --scope "
      "-p Delegate=yes ...), so that the kernel enforces it" },
    { "limits.cpu",
      "run as root, or in a cgroup v2 delegated to you (systemd-run --user --scope -p "
      "Delegate=yes ...), so that it is read from the kernel" },
    { "limits.workspace_growth",
      "give the policy an overlay workspace, whose layer has a size, or the directory a quota" },
    { "egress", "nothing to do: name hosts in the policy's network to open it" },
};

const char *layers_advice(const char *name)
{
    for (size_t i = 0; i < COUNT(advice); i++)
        if (strcmp(advice[i][0], name) == 0)
            return advice[i][1];
    return NULL;
}
