/* SPDX-License-Identifier: Apache-2.0 */
/* python.h - what the library takes of the interpreter it is loaded into: functions of CPython's
 * stable interface, there since 3.7. A process without them is none.
 *
 * Of objects nothing is known but that they can be pointed at. Borrowed: the reference stays the
 * interpreter's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct PyObject;

#define PYTHON(declaration) extern declaration __attribute__((weak))

/* Forking. */
PYTHON(void PyOS_BeforeFork(void));
PYTHON(void PyOS_AfterFork_Parent(void));
PYTHON(void PyOS_AfterFork_Child(void));

/* References, errors, calls. PyObject_CallObject takes NULL for no arguments. */
PYTHON(void Py_IncRef(struct PyObject *object));
PYTHON(void Py_DecRef(struct PyObject *object));
PYTHON(struct PyObject *PyErr_Occurred(void));
PYTHON(void PyErr_Clear(void));
PYTHON(void PyErr_SetObject(struct PyObject *type, struct PyObject *value));
PYTHON(struct PyObject *PyObject_CallObject(struct PyObject *callable, struct PyObject *arguments));
PYTHON(struct PyObject *PyObject_CallMethod(struct PyObject *object, const char *name,
                                            const char *format, ...));
PYTHON(struct PyObject *PyObject_GetAttrString(struct PyObject *object, const char *name));
PYTHON(int PyObject_SetAttrString(struct PyObject *object, const char *name,
                                  struct PyObject *value));
PYTHON(int PyObject_HasAttrString(struct PyObject *object, const char *name));
PYTHON(int PyObject_IsTrue(struct PyObject *object));

/* Types; slots are numbered in CPython's typeslots.h. */
PYTHON(struct PyObject *PyObject_Type(struct PyObject *object));
PYTHON(int PyType_IsSubtype(struct PyObject *one, struct PyObject *other));
PYTHON(unsigned long PyType_GetFlags(struct PyObject *type));
PYTHON(void *PyType_GetSlot(struct PyObject *type, int slot));

/* Modules. PyImport_GetModuleDict, PyModule_GetDict: borrowed. */
PYTHON(struct PyObject *PyImport_ImportModule(const char *name));
PYTHON(struct PyObject *PyImport_GetModuleDict(void));
PYTHON(struct PyObject *PyModule_GetDict(struct PyObject *module));

/* Values. PyDict_GetItem, PyDict_GetItemString, PyDict_Next, PyList_GetItem: borrowed. */
PYTHON(struct PyObject *PyBytes_FromStringAndSize(const char *bytes, ssize_t len));
PYTHON(struct PyObject *PyUnicode_FromString(const char *text));
PYTHON(int PyUnicode_CompareWithASCIIString(struct PyObject *text, const char *other));
PYTHON(int PyUnicode_Tailmatch(struct PyObject *text, struct PyObject *part, ssize_t from,
                               ssize_t to, int direction));
PYTHON(ssize_t PyUnicode_Find(struct PyObject *text, struct PyObject *part, ssize_t from,
                              ssize_t to, int direction));
PYTHON(size_t PyLong_AsSize_t(struct PyObject *number));
PYTHON(struct PyObject *PyDict_Copy(struct PyObject *dict));
PYTHON(struct PyObject *PyDict_GetItem(struct PyObject *dict, struct PyObject *key));
PYTHON(struct PyObject *PyDict_GetItemString(struct PyObject *dict, const char *key));
PYTHON(int PyDict_DelItem(struct PyObject *dict, struct PyObject *key));
PYTHON(int PyDict_DelItemString(struct PyObject *dict, const char *key));
PYTHON(int PyDict_Next(struct PyObject *dict, ssize_t *at, struct PyObject **key,
                       struct PyObject **value));
PYTHON(struct PyObject *PyList_New(ssize_t len));
PYTHON(int PyList_Append(struct PyObject *list, struct PyObject *item));
PYTHON(ssize_t PyList_Size(struct PyObject *list));
PYTHON(struct PyObject *PyList_GetItem(struct PyObject *list, ssize_t at));
PYTHON(struct PyObject *PyCapsule_New(void *pointer, const char *name,
                                      void (*destructor)(struct PyObject *capsule)));

PYTHON(struct PyObject *PyExc_StopIteration);
PYTHON(struct PyObject _Py_NoneStruct);

/* 3.8 on. `hook` is asked of every event that is watched. */
PYTHON(int PySys_AddAuditHook(int (*hook)(const char *event, struct PyObject *arguments,
                                          void *context),
                              void *context));
