# Reference values for tests/test_two_shares.py, test_change_within_patients.py,
# test_clustered.py and test_standardised.py. Run in this folder, after responders.R (some minutes):
#
#     Rscript estimates.R
#
# Writes respiratory_patients.csv and estimates.json.
options(digits = 12, warn = 1, stringsAsFactors = FALSE)
suppressPackageStartupMessages({library(gee); library(geepack); library(boot); library(jsonlite)})
out <- list(software = list(
  R = R.version.string, gee = as.character(packageVersion("gee")),
  geepack = as.character(packageVersion("geepack")), boot = as.character(packageVersion("boot"))))

# ---- the same patients twice: Newcombe 1998, Stat Med 17:2635, method 10, from prop.test's Wilson
paired <- function(e, f, g, h) {
  n <- e + f + g + h
  a <- suppressWarnings(prop.test(e + f, n, correct = FALSE))
  b <- suppressWarnings(prop.test(e + g, n, correct = FALSE))
  p <- unname(a$estimate); q <- unname(b$estimate)
  under <- prod(c(e + f, g + h, e + g, f + h)); top <- e * h - f * g
  phi <- if (under == 0) 0 else (if (top > n / 2) top - n / 2 else if (top >= 0) 0 else top) / sqrt(under)
  dl <- p - a$conf.int[1]; du <- a$conf.int[2] - p
  el <- q - b$conf.int[1]; eu <- b$conf.int[2] - q
  c(p - q, p - q - sqrt(dl^2 - 2 * phi * dl * eu + eu^2), p - q + sqrt(du^2 - 2 * phi * du * el + el^2))
}
tables <- list(c(36, 12, 2, 0), c(14, 5, 0, 22), c(1, 1, 7, 12), c(59, 6, 16, 80), c(20, 0, 0, 0),
               c(10, 0, 0, 10), c(0, 10, 10, 0), c(0, 20, 0, 0), c(3, 1, 1, 0))
out$paired <- lapply(tables, function(x) list(table = x, found = do.call(paired, as.list(x))))

# ---- mean change: BCa bootstrap, 200,000 resamples, so that R's own noise is below 1 % of the width
changes <- list(
  sleep = c(1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4),
  leprosy = c(-5, -8, -3, -6, -8, -2, 3, -5, -3, -3, -6, -4, -4, -7, 0, -4, -5, 1, -4, -6),
  skewed = c(0.1, 0.2, 0.2, 0.4, 0.5, 0.5, 0.9, 1.1, 1.7, 2.8, 4.9, 9.6))
set.seed(20240501)
out$bca <- lapply(changes, function(x) {
  drawn <- boot(x, function(v, i) mean(v[i]), R = 200000)
  list(changes = x, found = boot.ci(drawn, type = "bca")$bca[4:5], se = sd(drawn$t))
})

# ---- shares of visits, clustered by patient
d <- read.csv("respiratory.csv")
shares <- function(d) {
  invisible(capture.output(fit <- suppressMessages(gee(
    value ~ 1, id = patient, data = d, family = binomial, corstr = "exchangeable", tol = 1e-13,
    maxiter = 500))))
  # where every patient has one visit, gee has no correlation to tell of
  alpha <- if (max(table(d$patient)) > 1) fit$working.correlation[1, 2] else 0
  mu <- plogis(coef(fit)); people <- split(d$value, d$patient); v <- mu * (1 - mu)
  piece <- function(y) {
    r <- matrix(alpha, length(y), length(y)); diag(r) <- 1
    list(d = matrix(v, length(y), 1), w = solve(v * r), e = y - mu)
  }
  pieces <- lapply(people, piece)
  bread <- solve(Reduce(`+`, lapply(pieces, function(p) t(p$d) %*% p$w %*% p$d)))
  meat <- Reduce(`+`, lapply(pieces, function(p) {
    e <- solve(diag(length(p$e)) - p$d %*% bread %*% t(p$d) %*% p$w, p$e)
    u <- t(p$d) %*% p$w %*% e
    u %*% t(u)
  }))
  se <- sqrt((bread %*% meat %*% bread)[1, 1])
  list(alpha = alpha, value = unname(mu), se = unname(v * se),
       limits = unname(plogis(coef(fit) + c(-1, 1) * qt(0.975, length(people) - 1) * se)))
}
exact <- function(d) {
  n <- nrow(d); p <- mean(d$value); k <- length(unique(d$patient))
  u <- tapply(d$value - p, d$patient, sum) / n           # linearised, their mean is zero
  effect <- (k / (k - 1) * sum(u^2)) / (p * (1 - p) / (n - 1))
  m <- n / max(effect, 1)
  list(effect = effect, value = p,
       limits = c(qbeta(0.025, p * m, m - p * m + 1), qbeta(0.975, p * m + 1, m - p * m)))
}
few <- d[d$patient %in% 50:63, ]
out$clustered <- list(
  all = shares(d), good = shares(transform(d, value = 1 - value)),
  one_visit = shares(d[!duplicated(d$patient), ]),
  few = exact(few), few_mirrored = exact(transform(few, value = 1 - value)),
  one_visit_few = exact(few[!duplicated(few$patient), ]))

# ---- standardised differences: geepack's respiratory trial, one row for each patient, last visit
data(respiratory, package = "geepack")
z <- respiratory[respiratory$visit == 4, ]
z <- data.frame(center = paste0("c", z$center), treated = as.integer(z$treat == "A"), sex = z$sex,
                age = z$age, baseline = z$baseline, outcome = z$outcome)
write.csv(z, "respiratory_patients.csv", row.names = FALSE, quote = FALSE, eol = "\n")
standardise <- function(d, formula, family) {
  fit <- suppressWarnings(glm(formula, family, d, control = list(epsilon = 1e-12, maxit = 50)))
  mean(predict(fit, transform(d, treated = 1), "response")) -
    mean(predict(fit, transform(d, treated = 0), "response"))
}
ask <- function(formula, family) {
  drawn <- boot(z, function(d, i) suppressWarnings(standardise(d[i, ], formula, family)), R = 20000)
  list(value = drawn$t0, limits = unname(quantile(drawn$t, c(0.025, 0.975))), se = sd(drawn$t))
}
out$standardised <- list(
  share = ask(outcome ~ treated + center + sex + age + baseline, binomial),
  share_plain = list(value = standardise(z, outcome ~ treated, binomial)),
  number = ask(age ~ treated + center + sex + baseline, gaussian))
write(toJSON(out, digits = I(12), auto_unbox = TRUE, pretty = TRUE), "estimates.json")
