/* SPDX-License-Identifier: Apache-2.0 */
/* leave.c - how an interpreter ends that has waited: what was there before the script is not taken
 * apart.
 *
 * An interpreter that ends takes its modules apart one by one. What a script left behind can run
 * code meanwhile (`__del__`, what a weak reference calls), and open files are written out: that is
 * the script's, and stays. The modules that its interpreter had before have nothing to say, but
 * taking them apart takes longer than many a script, and in a fork writes to nearly every page that
 * was shared. So where nothing
 * that the script left can notice, they are taken out of the interpreter's list first; where
 * anything could, all goes as in any interpreter.
 *
 * The moment is that of sys.path_hooks' end, or of sys.__interactivehook__'s where an interpreter
 * (3.10, 3.11) keeps another reference to those: functions registered for the exit, threads,
 * flushes and the last collection are past, and no module has been touched yet.
 */
#include <string.h>

#include "branch.h"
#include "python.h"

/* More objects than this are not looked at one by one; their own end takes longer than the rest. */
#define BLOCKS_MAX 50000

/* typeslots.h, object.h */
#define SLOT_DEL      53
#define SLOT_FINALIZE 80
#define HEAP_TYPE     (1UL << 9)

#define TYPES_MAX 64
#define TEXT_MAX  (1L << 20)

/* A standard stream is a text's, which has a buffer, which has a file. */
#define STREAMS 3
static const char *const inner[STREAMS - 1] = { "buffer", "raw" };

/* The interpreter's own, as they were before anybody could change them. */
static struct {
    struct PyObject *get_objects, *unfreeze, *is_finalizing, *allocated, *threads; /* functions */
    struct PyObject *callback; /* the descriptor of weak references' __callback__ */
    struct PyObject *type, *reference, *function, *module, *streams[STREAMS]; /* types */
    struct PyObject *library, *place, *packages; /* parts of files' names */
} own;

static struct PyObject *held;    /* the modules, by name */
static struct PyObject *objects; /* all of them: none ends for want of references */
static size_t blocks;
static bool watched; /* somebody is told of what the interpreter does */

/* --- small steps ---------------------------------------------------------------------------- */

/* The caller's own, or NULL. */
static struct PyObject *member(const char *module, const char *name)
{
    struct PyObject *whole = PyImport_ImportModule(module);
    struct PyObject *ret = whole ? PyObject_GetAttrString(whole, name) : NULL;
    if (whole)
        Py_DecRef(whole);
    return ret;
}

/* Until the object ends: its type has no other reason to. */
static struct PyObject *type_of(struct PyObject *object)
{
    struct PyObject *type = PyObject_Type(object);
    Py_DecRef(type);
    return type;
}

static size_t number(struct PyObject *function)
{
    struct PyObject *result = PyObject_CallObject(function, NULL);
    size_t ret = result ? PyLong_AsSize_t(result) : 0;
    if (result)
        Py_DecRef(result);
    return ret;
}

static bool is_true(struct PyObject *function)
{
    struct PyObject *result = PyObject_CallObject(function, NULL);
    bool ret = result && PyObject_IsTrue(result) == 1;
    if (result)
        Py_DecRef(result);
    return ret;
}

/* --- who could notice ------------------------------------------------------------------------- */

/* Of a type that a program made its attributes may be code. */
static bool runs_at_its_end(struct PyObject *type)
{
    if (PyType_GetFlags(type) & HEAP_TYPE)
        return PyType_GetSlot(type, SLOT_FINALIZE) || PyType_GetSlot(type, SLOT_DEL);
    return PyObject_HasAttrString(type, "__del__");
}

/* Of C functions only these: abc's and those of thread-local values. No program makes another of
 * the name. */
static bool is_the_interpreters(struct PyObject *called)
{
    static const char *const names[] = { "_destroy", "_localdummy_destroyed", "clear_locals" };
    struct PyObject *name =
        type_of(called) == type_of(own.threads) ? PyObject_GetAttrString(called, "__name__") : NULL;
    bool found = false;
    for (size_t i = 0; name && !found && i < sizeof(names) / sizeof(*names); i++)
        found = PyUnicode_CompareWithASCIIString(name, names[i]) == 0;
    if (name)
        Py_DecRef(name);
    return found;
}

/* The weak sets and dictionaries of the standard library only forget. */
static bool only_forgets(struct PyObject *called)
{
    static const char *const homes[] = { "_weakrefset", "weakref" };
    bool found = false;
    struct PyObject *globals =
        type_of(called) == own.function ? PyObject_GetAttrString(called, "__globals__") : NULL;
    for (size_t i = 0; globals && !found && i < sizeof(homes) / sizeof(*homes); i++) {
        struct PyObject *home = PyDict_GetItemString(held, homes[i]);
        found = home && PyModule_GetDict(home) == globals;
    }
    if (globals)
        Py_DecRef(globals);
    return found;
}

static bool calls_back(struct PyObject *reference)
{
    struct PyObject *called = PyObject_CallMethod(own.callback, "__get__", "O", reference);
    bool ret = called != &_Py_NoneStruct &&
               (!called || !(only_forgets(called) || is_the_interpreters(called)));
    if (called)
        Py_DecRef(called);
    return ret;
}

static bool is_known(struct PyObject *type)
{
    static struct PyObject *known[TYPES_MAX];
    static unsigned count, last;
    if (count > 0 && known[last] == type)
        return true;
    for (last = 0; last < count; last++)
        if (known[last] == type)
            return true;
    last = 0;
    bool quiet = !runs_at_its_end(type) && !PyType_IsSubtype(type, own.reference) &&
                 !PyType_IsSubtype(type, own.type);
    if (quiet && count < TYPES_MAX)
        known[last = count++] = type;
    return quiet;
}

/* A standard stream, or what is in it. `exactly`: of types as the interpreter's own, for nobody
 * else's code is to run. */
static bool is_stream(const char *name, bool exactly, struct PyObject *object)
{
    struct PyObject *sys = PyDict_GetItemString(PyImport_GetModuleDict(), "sys");
    struct PyObject *now = sys ? PyObject_GetAttrString(sys, name) : NULL;
    bool found = false;
    for (unsigned i = 0; now && !found && i < STREAMS; i++) {
        bool right = !exactly || type_of(now) == own.streams[i];
        struct PyObject *next =
            right && i + 1 < STREAMS ? PyObject_GetAttrString(now, inner[i]) : NULL;
        found = right && now == object;
        Py_DecRef(now);
        now = next;
    }
    if (now)
        Py_DecRef(now);
    PyErr_Clear();
    return found;
}

static bool could_notice(struct PyObject *object)
{
    struct PyObject *type = type_of(object);
    if (is_known(type))
        return false;
    if (runs_at_its_end(type))
        return !is_stream("__stdin__", true, object); /* the order's own, only read */
    if (PyType_IsSubtype(type, own.type)) /* whose instances the collector need not know */
        return runs_at_its_end(object);
    return PyType_IsSubtype(type, own.reference) && calls_back(object);
}

static bool anybody_could_notice(void)
{
    struct PyObject *left = PyObject_CallObject(own.get_objects, NULL);
    bool ret = !left;
    ssize_t count = left ? PyList_Size(left) : 0;
    for (ssize_t i = 0; !ret && i < count; i++)
        ret = could_notice(PyList_GetItem(left, i));
    if (left)
        Py_DecRef(left);
    return ret;
}

/* Whose objects may do at their end what they want. */
static bool is_foreign(struct PyObject *module)
{
    struct PyObject *dict = type_of(module) == own.module ? PyModule_GetDict(module) : NULL;
    struct PyObject *file = dict ? PyDict_GetItemString(dict, "__file__") : NULL;
    return file && PyUnicode_Tailmatch(file, own.library, 0, TEXT_MAX, 1) != 0 &&
           PyUnicode_Find(file, own.place, 0, TEXT_MAX, 1) < 0;
}

/* Installed beside the interpreter's own library. */
static bool is_package(struct PyObject *module)
{
    struct PyObject *dict = type_of(module) == own.module ? PyModule_GetDict(module) : NULL;
    struct PyObject *file = dict ? PyDict_GetItemString(dict, "__file__") : NULL;
    return file && PyUnicode_Find(file, own.packages, 0, TEXT_MAX, 1) >= 0;
}

static bool has_packages(void)
{
    ssize_t at = 0;
    struct PyObject *name, *module;
    while (PyDict_Next(held, &at, &name, &module))
        if (is_package(module))
            return true;
    return false;
}

static bool has_foreign(void)
{
    ssize_t at = 0;
    struct PyObject *name, *module;
    while (PyDict_Next(PyImport_GetModuleDict(), &at, &name, &module))
        if (is_foreign(module))
            return true;
    return false;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void hold_back(void)
{
    ssize_t at = 0;
    struct PyObject *name, *module, *modules = PyImport_GetModuleDict();
    while (PyDict_Next(held, &at, &name, &module))
        if (PyDict_GetItem(modules, name) == module)
            (void)PyDict_DelItem(modules, name);
}

/* Modules that we alone knew would end after all others, and what hangs on them unheard. */
static void let_go(void)
{
    struct PyObject *const ours[] = { objects, held };
    objects = held = NULL;
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
        if (ours[i])
            Py_DecRef(ours[i]);
}

/* What the script left in modules that were there before may be found by the collector alone. */
static void as_any(void)
{
    struct PyObject *result = PyObject_CallObject(own.unfreeze, NULL);
    if (result)
        Py_DecRef(result);
    let_go();
}

static void on_end(struct PyObject *capsule)
{
    (void)capsule;
    if (PyErr_Occurred() || !is_true(own.is_finalizing)) /* a script has thrown it away */
        return;
    bool alone = objects && !watched && number(own.threads) == 0;
    size_t now = alone ? number(own.allocated) : 0;
    if (now > 0 && now < blocks + BLOCKS_MAX && !has_foreign() && !anybody_could_notice())
        hold_back();
    else
        as_any();
    PyErr_Clear();
}

/* --- before the first fork ----------------------------------------------------------------------
 */

static int on_event(const char *event, struct PyObject *arguments, void *context)
{
    (void)arguments;
    (void)context;
    if (strcmp(event, "sys.addaudithook") == 0)
        watched = true;
    return 0;
}

static bool find_own(void)
{
    own.get_objects = member("gc", "get_objects");
    own.unfreeze = member("gc", "unfreeze");
    own.is_finalizing = member("sys", "is_finalizing");
    own.allocated = member("sys", "getallocatedblocks");
    own.threads = member("_thread", "_count");
    own.reference = member("_weakref", "ref");
    own.library = PyUnicode_FromString(".so");
    own.packages = PyUnicode_FromString("-packages/");
    own.place = PyUnicode_FromString("/lib-dynload/");
    own.callback = own.reference ? PyObject_GetAttrString(own.reference, "__callback__") : NULL;
    struct PyObject *stream = member("sys", "__stdin__");
    for (unsigned i = 0; stream && i < STREAMS; i++) {
        own.streams[i] = PyObject_Type(stream);
        stream = i + 1 < STREAMS ? PyObject_GetAttrString(stream, inner[i]) : NULL;
    }
    struct PyObject *function = member("os", "fsdecode");
    own.function = function ? PyObject_Type(function) : NULL;
    struct PyObject *sys = PyImport_ImportModule("sys");
    own.module = sys ? PyObject_Type(sys) : NULL;
    own.type = own.module ? PyObject_Type(own.module) : NULL;
    return own.get_objects && own.unfreeze && own.is_finalizing && own.allocated && own.threads &&
           own.callback && own.library && own.place && own.packages && own.function &&
           own.streams[STREAMS - 1] && own.type;
}

/* What is each interpreter's last, and what the program's start goes on with. */
static bool find_modules(void)
{
    static const char *const live[] = { "sys", "builtins", "__main__", "sitecustomize" };
    held = PyDict_Copy(PyImport_GetModuleDict());
    for (size_t i = 0; held && i < sizeof(live) / sizeof(*live); i++)
        (void)PyDict_DelItemString(held, live[i]);
    PyErr_Clear();
    return held;
}

/* Beside sys ours, and the call's. */
static bool is_held_by_sys_alone(struct PyObject *sys, struct PyObject *object)
{
    struct PyObject *count = object ? PyObject_CallMethod(sys, "getrefcount", "O", object) : NULL;
    bool ret = count && PyLong_AsSize_t(count) == 3;
    if (count)
        Py_DecRef(count);
    return ret;
}

/* A function that ends when the interpreter forgets what sys has: the capsule hangs on it. It and
 * what holds it are not to be kept. */
static bool find_hook(struct PyObject **holder, struct PyObject **hook)
{
    struct PyObject *sys = PyImport_ImportModule("sys");
    *holder = sys ? PyObject_GetAttrString(sys, "path_hooks") : NULL;
    ssize_t count = *holder ? PyList_Size(*holder) : 0;
    *hook = count > 0 ? PyList_GetItem(*holder, count - 1) : NULL;
    if (*hook && !is_held_by_sys_alone(sys, *holder)) {
        Py_DecRef(*holder);
        *hook = *holder = PyObject_GetAttrString(sys, "__interactivehook__");
        if (!is_held_by_sys_alone(sys, *holder))
            *hook = NULL;
    }
    if (sys)
        Py_DecRef(sys);
    return *hook;
}

static bool is_own_stream(struct PyObject *object)
{
    return is_stream("__stdin__", false, object) || is_stream("__stdout__", false, object) ||
           is_stream("__stderr__", false, object);
}

/* What a package left to be done at the end has to be done: then nothing is kept. */
static bool keep_objects(struct PyObject *holder, struct PyObject *hook)
{
    struct PyObject *all = PyObject_CallObject(own.get_objects, NULL);
    ssize_t count = all ? PyList_Size(all) : 0;
    bool packages = has_packages();
    objects = all ? PyList_New(0) : NULL;
    bool ret = objects;
    for (ssize_t i = 0; ret && i < count; i++) {
        struct PyObject *object = PyList_GetItem(all, i), *type = type_of(object);
        ret = !packages || !could_notice(object) || is_own_stream(object);
        if (object != holder && object != hook && (is_known(type) || !runs_at_its_end(type)))
            ret = PyList_Append(objects, object) == 0 && ret;
    }
    if (all)
        Py_DecRef(all);
    return ret;
}

/* Neither the last collection nor any other looks at what is there now, and a copy shares it with
 * the interpreter as long as nobody writes to it. */
static void collector(const char *what)
{
    struct PyObject *gc = PyImport_ImportModule("gc");
    struct PyObject *result = gc ? PyObject_CallMethod(gc, what, NULL) : NULL;
    if (result)
        Py_DecRef(result);
    if (gc)
        Py_DecRef(gc);
}

static bool get_ready(void)
{
    struct PyObject *holder, *hook;
    struct PyObject *capsule =
        find_hook(&holder, &hook) ? PyCapsule_New(&held, NULL, on_end) : NULL;
    bool ret = capsule && find_own() && find_modules() && !has_foreign() &&
               keep_objects(holder, hook) && PyObject_SetAttrString(hook, "cordon", capsule) == 0 &&
               (!PySys_AddAuditHook || PySys_AddAuditHook(on_event, NULL) == 0);
    if (capsule)
        Py_DecRef(capsule);
    if (holder)
        Py_DecRef(holder);
    blocks = ret ? number(own.allocated) : 0;
    if (!ret)
        let_go();
    return ret;
}

void branch_prepare_end(void)
{
    bool known = PyDict_GetItemString(PyImport_GetModuleDict(), "gc");
    collector("collect");
    if (PyType_GetSlot && PyCapsule_New && get_ready())
        collector("freeze");
    if (!known)
        (void)PyDict_DelItemString(PyImport_GetModuleDict(), "gc");
    PyErr_Clear();
}
