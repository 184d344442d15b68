# The test onnx_runtime: writes the cases and runs them in ONNX Runtime.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
execute_process(COMMAND ${CASES} ${WORK} COMMAND_ERROR_IS_FATAL ANY)
set(ENV{NODE_PATH} ${MODULES})
execute_process(COMMAND ${NODE} ${CMAKE_CURRENT_LIST_DIR}/onnx_runtime.js ${WORK}
                COMMAND_ERROR_IS_FATAL ANY)
