#include "reports/html/html.hpp"

#include <gmock/gmock.h>

#include <set>

#include "error.hpp"
#include "reports/earnings.hpp"
#include "reports/html/assets.hpp"
#include "reports/html/sections.hpp"
#include "reports/tests/support.hpp"

namespace bitproof::html {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kHostile =
    "<img src=x onerror=alert(1)>\"' onload='x'></script><script>alert(1)</script>\x1b[31m&amp;";

Figure planted(const std::string& variant) {
  Figure f{.id = "f", .title = variant, .caption = variant, .chart = "tokens"};
  f.data = {
      {"samples",
       variant,
       {{"recipe", "recipe"},
        {"sample", "sample", Form::number, kCounted},
        {"tok_per_s", "tok/s", Form::number, "measured"},
        {"placement", "placement"},
        {"load", "load"}},
       Json::array(
           {{{"recipe", variant}, {"sample", 1}, {"tok_per_s", 7.5}, {"placement", "A"}, {"load", "none seen"}}})},
      {"arms",
       "",
       {{"recipe", variant}, {"rate", "tok/s", Form::interval, variant}},
       Json::array({{{"recipe", variant}, {"rate", 7.5}, {"rate_low", 7}, {"rate_high", 8}}})}};
  return f;
}

TEST(Html, HostileTextStaysText) {
  for (const std::string& page : {markup(planted(kHostile)), paragraph(kHostile), list({kHostile}),
                                  document({kHostile, "", {{"a", kHostile, ""}}}, "")}) {
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page, HasSubstr("&gt;&quot;&#39; onload=&#39;x&#39;&gt;"));  // neither quote ends an attribute
    EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  }
}

TEST(Html, TheDataOfAChartComesBackWhole) {
  const std::string page = markup(planted(kHostile));
  const std::string open = "id=\"f-spec\">";
  const std::size_t at = page.find(open) + open.size();
  const Json spec = Json::parse(page.substr(at, page.find("</script>", at) - at));
  EXPECT_EQ(spec.at("datasets").at("samples").at(0).at("recipe"), kHostile);
}

TEST(Html, AChartMayNotShowWhatNoTableHas) {
  Figure f = planted("x");
  EXPECT_NO_THROW(markup(f));
  f.data[0].columns.erase(f.data[0].columns.begin() + 2);  // tok_per_s
  EXPECT_THROW(markup(f), std::logic_error);
}

const char* const kNumbersWithoutSource = "<th scope=\"col\" class=\"number\">";

TEST(Html, NoColumnOfNumbersIsWithoutProvenance) {
  EXPECT_THAT(run_page(shared_run(), ""), Not(HasSubstr(kNumbersWithoutSource)));
  Figure f = planted("x");
  EXPECT_THAT(markup(f), Not(HasSubstr(kNumbersWithoutSource)));
  f.data[0].columns[2].source = "";  // tok_per_s
  EXPECT_THAT(markup(f), HasSubstr(kNumbersWithoutSource)) << "so the test sees one";
}

TEST(Html, NumbersKeepThreeDigitsAndSayWhatIsMissing) {
  EXPECT_EQ(number(0.03431), "0.0343");
  EXPECT_EQ(number(8.424), "8.42");
  EXPECT_EQ(number(59.12), "59.1");
  EXPECT_EQ(number(1234567.4), "1,234,567");
  EXPECT_EQ(number(-1234), "-1,234");
  EXPECT_EQ(number(999.6), "1,000");
  EXPECT_EQ(number(0), "0");
  const Column time{"us", "us", Form::interval};
  EXPECT_EQ(cell({{"us", 5.0}, {"us_low", 4.0}, {"us_high", 6.0}}, time), "5 [4, 6]");
  EXPECT_THAT(cell({{"us", nullptr}, {"us_why", "it <crashed>"}}, time), HasSubstr("none: it &lt;crashed&gt;"));
  EXPECT_THAT(cell(Json::object(), time), HasSubstr("class=\"none\""));
}

TEST(Html, AVerdictIsAWordAndASignNotOnlyAColour) {
  const Column verdict{"v", "v", Form::mark};
  EXPECT_THAT(cell({{"v", "EARNED"}}, verdict),
              testing::AllOf(HasSubstr("good"), HasSubstr("\u2713"), HasSubstr("EARNED")));
  EXPECT_THAT(cell({{"v", "IMPOSSIBLE"}}, verdict), testing::AllOf(HasSubstr("bad"), HasSubstr("\u2717")));
  EXPECT_THAT(cell({{"v", "anything else"}}, verdict), HasSubstr("open"));
}

TEST(Html, APageAsksForNothingFromAnywhere) {
  const std::string page = run_page(shared_run(), "");
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* reference : {" src=", "@import", "url(", "<iframe"})
    EXPECT_THAT(page, Not(HasSubstr(reference))) << reference;
  for (std::size_t at = 0; (at = page.find(" href=\"", at)) != std::string::npos; ++at) {
    const std::string target = page.substr(at + 7, 5);
    EXPECT_TRUE(target.starts_with("#") || target == "data:") << target;
  }
}

TEST(Html, ARunsPageBeginsWithTheAnswerAndEndsWithItsLimits) {
  const std::string page = run_page(shared_run(), "");
  const auto at = [&](const std::string& text) { return page.find(text); };
  EXPECT_LT(at("What you can believe"), at("What you cannot"));
  EXPECT_LT(at("What you cannot"), at("<section "));
  EXPECT_LT(at("<section "), at("id=\"limits\""));
  EXPECT_THAT(page, HasSubstr("1 failure(s): no number of this run may be quoted"));
  EXPECT_THAT(page, HasSubstr("bitproof check rms_norm/bad"));
  EXPECT_THAT(page, HasSubstr("only corners of the lattice were measured"));
  Json clean = shared_run();
  clean["failures"] = Json::array();
  EXPECT_THAT(run_page(clean, ""), HasSubstr("No check, ledger, witness or physics gate failed"));
}

// Between the headings of the two lists.
std::string believed_of(const Json& run) {
  const std::string page = run_page(run, "");
  const std::size_t at = page.find("What you can believe");
  return page.substr(at, page.find("What you cannot") - at);
}

TEST(Html, AFailedRunHasNothingToBelieve) {
  Json run = shared_run();
  run["failures"] = Json::array();
  EXPECT_THAT(believed_of(run), HasSubstr("no layer is sold as a token"));
  run["arms"][1]["ledger_ok"] = false;
  EXPECT_THAT(believed_of(run), Not(HasSubstr("no layer is sold as a token")));
  EXPECT_THAT(run_page(run, ""), HasSubstr("whose ledger is not the model"));
  run["arms"][1]["ledger_ok"] = true;
  run["failures"] = {"check: 1 of 3 cases did not pass"};
  EXPECT_THAT(believed_of(run), Not(HasSubstr("<li>")));
  EXPECT_THAT(run_page(run, ""),
              HasSubstr("Not before the failures are understood: Tokens per second are of the full"));
}

TEST(Html, AnInterruptedRunHasAPageToo) {
  Json run = begun_run();
  const std::string page = run_page(run, "");
  EXPECT_THAT(page, HasSubstr("Partial: this run did not end"));
  run["schema"] = "bitproof-run/0";
  EXPECT_THROW(run_page(run, ""), BadInput);
  EXPECT_THROW(run_page(Json::array(), ""), BadInput);
}

TEST(Html, AWaterfallAppearsWhenTheLatticeWasMeasured) {
  Json run = shared_run();
  EXPECT_THAT(run_page(run, ""), HasSubstr("No waterfall"));
  double share = 1;
  for (Json& t : run["attribution"]["techniques"]) {
    t["shapley"] = ++share;
    t["ci_low"] = share * 0.9;
    t["ci_high"] = share * 1.1;
  }
  run["attribution"]["interactions"] = {{{"a", "simd"},
                                         {"b", "tmac"},
                                         {"a_without_b", {{"ratio", 4.0}}},
                                         {"a_with_b", {{"ratio", 6.0}}},
                                         {"interaction", {{"ratio", 1.5}, {"ci_low", 1.2}, {"ci_high", 1.8}}}}};
  const std::string page = run_page(run, "");
  EXPECT_THAT(page, Not(HasSubstr("No waterfall")));
  EXPECT_THAT(page, HasSubstr("id=\"waterfall\""));
  EXPECT_THAT(page, HasSubstr("5,040"));  // 2 x 3 x 4 x 5 x 6 x 7
  EXPECT_THAT(page, HasSubstr("id=\"interactions\""));
  EXPECT_THAT(page, HasSubstr("1.5 [1.2, 1.8]"));
}

TEST(Html, EverySpecificationIsJson) {
  for (const char* name : {"earned", "expected", "waterfall", "interactions", "tokens", "depths", "profile", "shares",
                           "roofline", "samples", "scaling", "prefetch", "memory", "ratios", "trend", "threads"}) {
    EXPECT_NO_THROW(Json::parse(chart(name))) << name;
  }
  EXPECT_THROW(chart("no such"), std::out_of_range);
}

TEST(Html, LibraryTextCannotEndItsScript) { EXPECT_EQ(chart_library("/nowhere"), ""); }

Json technique(double low, double high) {
  const double middle = std::sqrt(low * high);
  return {{"name", "simd"},
          {"engaged", true},
          {"evidence", "seen"},
          {"most_detail", {{"verdict", "possible"}}},
          {"most", 100},
          {"alone", middle},
          {"alone_detail", {{"geometric_mean", middle}, {"ci_low", low}, {"ci_high", high}}}};
}

std::string verdict(const Json& t) { return earnings({{"attribution", {{"techniques", {t}}}}}).at(0).verdict; }

TEST(Earnings, AreWhatIntervalsWitnessesAndAmdahlAllow) {
  EXPECT_EQ(verdict(technique(1.1, 2)), "EARNED");
  EXPECT_EQ(verdict(technique(0.9, 1.1)), "no effect shown");
  EXPECT_EQ(verdict(technique(0.5, 0.9)), "COST");
  Json t = technique(1.1, 2);
  t["engaged"] = false;
  EXPECT_EQ(verdict(t), "NOT ENGAGED");
  t = technique(1.1, 2);
  t["most_detail"]["verdict"] = "IMPOSSIBLE";
  EXPECT_EQ(verdict(t), "IMPOSSIBLE");
  t = technique(1.1, 2);
  t["alone"] = nullptr;
  t.erase("alone_detail");
  EXPECT_EQ(verdict(t), "not measured");
}

}  // namespace
}  // namespace bitproof::html
