// The metrics. Source: keras.metrics; every loss is one too.
#pragma once

#include <kindling/train/accuracy_metrics.h>
#include <kindling/train/confusion_metrics.h>
#include <kindling/train/curve_metrics.h>
#include <kindling/train/ranking_metrics.h>
#include <kindling/train/regression_metrics.h>
