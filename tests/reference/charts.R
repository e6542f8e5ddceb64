# Reference values for tests/test_control_charts.py. Run in this folder:
#
#     Rscript charts.R
#
# Writes charts.json: the data and their limits, each formula written out in base R from the book
# or paper beside it. The data are printed in the same books (SOURCES.md).
options(digits = 12, warn = 1, stringsAsFactors = FALSE)
suppressPackageStartupMessages(library(jsonlite))
sigma <- function(x) mean(abs(diff(x))) / 1.128    # Montgomery, d2 for moving ranges of two
out <- list(software = list(R = R.version.string))

# ---- shares and rates: Montgomery 2005, chapter 6, and Laney 2002, Qual Eng 14:531-537 ----------
attribute <- function(count, total, variance, top) {
  centre <- sum(count) / sum(total)
  chance <- sqrt(variance(centre) / total)
  z <- (count / total - centre) / chance
  limits <- function(se, times) list(low = pmax(0, centre - times * se),
                                     high = pmin(top, centre + times * se))
  both <- function(se) list(limits = limits(se, 3), near = limits(se, 2), se = se)
  list(count = count, total = total, centre = centre, sigma_z = sigma(z),
       plain = both(chance), laney = both(chance * sigma(z)))
}
share <- function(count, total) attribute(count, total, function(p) p * (1 - p), 1)
rate <- function(count, total) attribute(count, total, function(u) u, Inf)

orange <- c(12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15,
            9, 12, 7, 13, 9, 6)
orders <- c(12, 8, 6, 9, 10, 12, 11, 16, 10, 6, 20, 15, 9, 8, 6, 8, 10, 7, 5, 8, 5, 8, 10, 6, 9)
sizes <- c(100, 80, 80, 100, 110, 110, 100, 100, 90, 90, 110, 120, 120, 120, 110, 80, 80, 80, 90,
           100, 100, 100, 100, 90, 90)
computers <- c(10, 12, 8, 14, 10, 16, 11, 7, 10, 15, 9, 5, 7, 11, 12, 6, 8, 10, 7, 5)
out$shares <- list(orange_juice = share(orange, rep(50, 30)),
                   orange_juice_without_15_and_23 = share(orange[-c(15, 23)], rep(50, 28)),
                   purchase_orders = share(orders, sizes))
out$rates <- list(computers = rate(computers, rep(5, 20)))

# ---- means: Montgomery 2005, chapter 5 ----------------------------------------------------------
costs <- c(310, 288, 297, 298, 307, 303, 294, 297, 308, 306, 294, 299, 297, 299, 314, 295, 293, 306,
           301, 304)
means <- function(x) list(value = x, centre = mean(x), se = sigma(x),
                          limits = mean(x) + c(-3, 3) * sigma(x),
                          near = mean(x) + c(-2, 2) * sigma(x))
out$means <- list(mortgage_costs = means(costs))

# ---- gaps: Nelson 1994, J Qual Technol 26:239-240; Benneyan 2001, Health Care Manag Sci 4:305-318
failures <- c(286, 948, 536, 124, 816, 729, 4, 143, 431, 8, 2837, 596, 81, 227, 603, 492, 1199, 1214,
              2831, 96)
days <- function(x) {
  y <- x^(1 / 3.6)
  back <- function(times) pmax(0, mean(y) + c(-times, times) * sigma(y))^3.6
  list(value = x, centre = mean(y)^3.6, limits = back(3), near = back(2))
}
sessions <- function(x) {
  sd <- sqrt(mean(x) * (mean(x) + 1))
  list(value = x, centre = median(x), limits = pmax(0, mean(x) + c(-3, 3) * sd),
       near = pmax(0, mean(x) + c(-2, 2) * sd))
}
zeros <- replace(failures, c(7, 10), 0)
out$days <- list(valve_failures = days(failures), with_zeros = days(zeros))
out$sessions <- list(valve_failures = sessions(failures), with_zeros = sessions(zeros))

# ---- funnels: Spiegelhalter 2005, Stat Med 24:1185-1202, appendix A.1.1 and over-dispersion -----
# The upper limits are those of the events that did not happen, turned round, and so one count
# further out than in the paper; for rates, which have no such events, the paper's and one count.
funnel <- function(count, total, rates) {
  target <- sum(count) / sum(total)
  variance <- if (rates) target else target * (1 - target)
  z <- (count / total - target) / sqrt(variance / total)
  ends <- quantile(z, c(0.1, 0.9), names = FALSE)                       # R's type 7
  phi <- mean(pmin(pmax(z, ends[1]), ends[2])^2)
  lower <- function(p, n, below) {                                      # no quantile function
    r <- 0
    while (below(r) < p) r <- r + 1
    r - (below(r) - p) / (below(r) - if (r) below(r - 1) else 0)
  }
  exact <- function(p) mapply(function(n) {
    if (rates) return(lower(p, n, function(r) ppois(r, n * target)) + (p > 0.5))
    if (p < 0.5) return(lower(p, n, function(r) pbinom(r, n, target)))
    n - lower(1 - p, n, function(r) pbinom(r, n, 1 - target))
  }, total) / total
  ps <- c(outer_low = 0.001, inner_low = 0.025, inner_high = 0.975, outer_high = 0.999)
  found <- lapply(ps, exact)
  top <- if (rates) Inf else 1
  wide <- sqrt(max(phi, 1))
  list(count = count, total = total, target = target, phi = phi,
       exact = lapply(found, function(e) pmin(pmax(e, 0), top)),
       adjusted = lapply(found, function(e) pmin(pmax(target + wide * (e - target), 0), top)))
}
deaths <- c(41, 25, 24, 23, 25, 42, 24, 53, 26, 25, 58, 31)
operations <- c(143, 187, 323, 122, 164, 405, 239, 482, 195, 177, 581, 301)
out$funnels <- list(
  child_heart_surgery = c(list(rates = FALSE), funnel(deaths, operations, FALSE)),
  child_heart_surgery_as_rates = c(list(rates = TRUE), funnel(deaths, operations, TRUE)),
  # made up: six units alike, some of them small, so that nothing is widened
  alike = c(list(rates = FALSE), funnel(c(1, 2, 3, 5, 9, 21), c(10, 20, 31, 52, 88, 207), FALSE)),
  alike_as_rates = c(list(rates = TRUE), funnel(c(1, 2, 3, 5, 9, 21), c(10, 20, 31, 52, 88, 207), TRUE)))

write(toJSON(out, digits = I(12), auto_unbox = TRUE, pretty = TRUE), "charts.json")
