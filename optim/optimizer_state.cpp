// What an optimizer keeps of each weight: written, read, and matched to weights.
#include <algorithm>
#include <limits>
#include <regex>

#include <kindling/layers/state_fields.h>
#include <kindling/optim/deferred_rows.h>
#include <kindling/optim/optimizer.h>
#include <kindling/tensor/fail.h>

namespace kindling {

// Copies, which later steps don't change.
std::vector<OptimizerImpl::SavedState> OptimizerImpl::saved() const {
  if (states_.empty()) return read_;
  std::vector<SavedState> all;
  for (const State& state : states_) {
    if (state.rows) state.rows->settle();
    SavedState& s = all.emplace_back(SavedState{state.name, {}, {}});
    for (const Tensor& slot : state.slots) s.slots.push_back(slot.clone());
    if (!state.accumulated.defined()) continue;
    const Gradient sum = state.accumulated.distinct_rows();
    if (sum.sparse()) {
      s.accumulated = {sum.rows()[0].ids, sum.rows()[0].values};
    } else {
      s.accumulated = {sum.dense()};  // adding to it makes a new one, as long as this one lives
    }
  }
  return all;
}

void OptimizerImpl::state(Fields& f) {
  std::int64_t steps = steps_;
  Required<std::vector<SavedState>> weights = saved();
  between(f, "steps", steps, 0, std::numeric_limits<std::int64_t>::max());
  if (!common_.learning_rate.schedule().defined()) f("learning_rate", common_.learning_rate);
  f("exclude_from_weight_decay", not_decayed_);
  f("weights", weights);
  if (!f.reading()) return;
  check_options();
  steps_ = steps;
  read_ = weights;
  forget_states();
}

void OptimizerImpl::exclude_from_weight_decay(const std::vector<std::string>& names) {
  if (!states_.empty()) fail_with("exclude_from_weight_decay comes before the first step");
  std::string pattern;
  for (const std::string& name : names) {
    try {
      const std::regex valid(name);
    } catch (const std::regex_error& error) {
      fail("{}: exclude_from_weight_decay takes regular expressions, got \"{}\" [{}]", who(), name,
           error.what());
    }
    pattern += (pattern.empty() ? "" : "|") + name;
  }
  not_decayed_ = pattern;
}

std::vector<OptimizerImpl::State> OptimizerImpl::restored(const Weights& weights) const {
  std::vector<State> states;
  std::vector<SavedState> left = read_;
  std::vector<std::string> kept, own;
  for (const SavedState& s : left) kept.push_back(s.name);
  for (const Weight& w : weights) own.push_back(w.name);
  kept = renumbered(kept, own);
  for (std::size_t i = 0; i < left.size(); ++i) left[i].name = kept[i];
  const std::regex not_decayed(not_decayed_);
  for (const Weight& w : weights) {
    State& state = states.emplace_back(State{w.name, w.value});
    state.decays = not_decayed_.empty() || !std::regex_search(w.name, not_decayed);
    if (read_.empty()) continue;
    const auto at = std::ranges::find(left, w.name, &SavedState::name);
    if (at == left.end()) {
      fail("{}: the state that was read is of other weights, it has none for \"{}\"", who(),
           w.name);
    }
    if (!at->slots.empty() && std::ssize(at->slots) != all_slots()) {
      fail("{}: the state that was read has {} tensors for \"{}\", these options need {}", who(),
           at->slots.size(), w.name, all_slots());
    }
    const Tensors& sum = at->accumulated;
    const bool rows = sum.size() == 2;
    Tensors whole = at->slots;
    if (!rows) whole.insert(whole.end(), sum.begin(), sum.end());
    for (const Tensor& t : whole) {
      if (t.shape() != w.value.shape() || t.dtype() != DType::float32) {
        fail("{}: the state that was read has {} {} for \"{}\", which is {}", who(),
             kindling::name(t.dtype()), t.shape().str(), w.name, w.value.shape().str());
      }
    }
    // Copied, for what was read may be read once more.
    for (const Tensor& slot : at->slots) state.slots.push_back(slot.clone());
    if (rows) {
      state.accumulated = Gradient(w.value.shape(), {sum[0], sum[1]});
    } else if (!sum.empty()) {
      state.accumulated = Gradient(sum[0].clone());
    }
    left.erase(at);
  }
  if (!left.empty()) {
    fail("{}: the state that was read is also of \"{}\", which is none of the {} weights", who(),
         left[0].name, weights.size());
  }
  return states;
}

}  // namespace kindling
