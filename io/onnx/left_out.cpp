// What stands in for io/onnx/ in a build without ONNX's library: errors that say so.
