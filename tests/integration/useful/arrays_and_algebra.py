# SPDX-License-Identifier: Apache-2.0
# with: numpy scipy
import numpy
import scipy.linalg
import scipy.sparse

matrix = numpy.eye(190) * 2
assert numpy.allclose(scipy.linalg.inv(matrix) @ matrix, numpy.eye(190))
print(scipy.sparse.csr_matrix(matrix).nnz)
