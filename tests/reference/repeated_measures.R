# Reference values for tests/test_models.py. Run in this folder:
#
#     Rscript repeated_measures.R
#
# Writes sleep.csv, chicks.csv, cows.csv (fev.csv is there already, see SOURCES.md) and
# repeated_measures.json. Every data set has missing visits.
#
#   compound symmetry   lme4 (estimates, standard errors, log-likelihood), lmerTest (Satterthwaite),
#                       pbkrtest (Kenward-Roger, with the expected information)
#   unstructured        nlme::gls with corSymm and varIdent (estimates, standard errors,
#                       log-likelihood); degrees of freedom by brute force: the likelihood summed
#                       patient by patient, its derivatives by numDeriv
options(digits = 12, warn = 1, stringsAsFactors = FALSE)
suppressPackageStartupMessages({
  library(lme4); library(lmerTest); library(pbkrtest); library(nlme); library(jsonlite)
  library(numDeriv)
})

# ---- the data ------------------------------------------------------------------------------------

long <- function(patient, visit, value) {
  d <- data.frame(patient = as.character(patient), visit = as.integer(visit), value = value)
  d <- d[!is.na(d$value), ]
  d[order(d$patient, d$visit), ]
}

# lme4: 18 subjects, days 0, 3, 6, 9 of sleep deprivation; every seventh score left out, and the
# last two of subjects 335 and 349
sleep <- with(lme4::sleepstudy[lme4::sleepstudy$Days %% 3 == 0, ],
              long(Subject, Days / 3, round(Reaction, 4)))
sleep <- sleep[seq_len(nrow(sleep)) %% 7 != 0, ]
sleep <- sleep[!(sleep$patient %in% c("335", "349") & sleep$visit >= 2), ]

# datasets: 50 chicks weighed at days 0, 4, ..., 20; five died on the way
chicks <- with(datasets::ChickWeight[datasets::ChickWeight$Time %% 4 == 0, ],
               long(Chick, Time / 4, weight))

# nlme: protein in the milk of 79 cows, weeks 1, 6, 11, 16; many calved late
cows <- with(as.data.frame(nlme::Milk)[nlme::Milk$Time %% 5 == 1, ],
             long(Cow, (Time - 1) / 5, protein))
cows <- cows[cows$visit <= 3, ]

# openpharma/mmrm: 197 of 200 patients, four visits, a third of the scores missing
fev <- read.csv("fev.csv")[, c("patient", "visit", "value")]

write_csv <- function(d, file) write.csv(d, file, row.names = FALSE, quote = FALSE, eol = "\n")
write_csv(sleep, "sleep.csv"); write_csv(chicks, "chicks.csv"); write_csv(cows, "cows.csv")

# ---- compound symmetry ---------------------------------------------------------------------------

contrasts_of <- function(k) {
  means <- diag(k)
  changes <- if (k > 1) t(sapply(2:k, function(i) { l <- numeric(k); l[i] <- 1; l[1] <- -1; l }))
  rbind(means, changes)
}

compound <- function(d) {
  d$v <- factor(d$visit)
  tight <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE,
    optCtrl = list(algorithm = "NLOPT_LN_BOBYQA", xtol_abs = 1e-14, ftol_abs = 1e-16,
                   xtol_rel = 1e-14, ftol_rel = 1e-16, maxeval = 1e5))
  fit <- lmerTest::lmer(value ~ 0 + v + (1 | patient), d, control = tight)
  adjusted <- vcovAdj(fit); plain <- vcov(fit)
  rows <- contrasts_of(nlevels(d$v))
  list(
    log_likelihood = as.numeric(logLik(fit)),
    parameters = c(sigma(fit)^2, VarCorr(fit)$patient[1]),
    estimate = as.numeric(rows %*% fixef(fit)),
    se = sqrt(diag(rows %*% as.matrix(plain) %*% t(rows))),
    df_satterthwaite = apply(rows, 1, function(l) contest1D(fit, l, ddf = "Satterthwaite")$df),
    se_kenward_roger = sqrt(diag(rows %*% as.matrix(adjusted) %*% t(rows))),
    df_kenward_roger = apply(rows, 1, function(l) Lb_ddf(l, plain, adjusted))
  )
}

# ---- unstructured --------------------------------------------------------------------------------

symmetric <- function(x, k) {
  m <- matrix(0, k, k)
  m[lower.tri(m, diag = TRUE)] <- x
  m + t(m) - diag(diag(m), k)
}

# minus twice the restricted log-likelihood, summed over patients one by one
likelihood_at <- function(people, sigma) {
  k <- nrow(sigma)
  information <- matrix(0, k, k); total <- numeric(k); logs <- 0; squares <- 0; n <- 0
  for (one in people) {
    at <- one$at
    v <- sigma[at, at, drop = FALSE]
    w <- chol2inv(chol(v))
    information[at, at] <- information[at, at] + w
    total[at] <- total[at] + w %*% one$value
    squares <- squares + sum(one$value * (w %*% one$value))
    logs <- logs + determinant(v)$modulus
    n <- n + length(at)
  }
  phi <- solve(information)
  beta <- phi %*% total
  list(phi = phi, beta = as.numeric(beta),
       minus2 = as.numeric(logs + determinant(information)$modulus + squares -
                           sum(beta * total) + (n - k) * log(2 * pi)))
}

unstructured <- function(d) {
  d$v <- factor(d$visit); d$at <- as.integer(d$v); k <- nlevels(d$v)
  fit <- gls(value ~ 0 + v, d, correlation = corSymm(form = ~ at | patient),
             weights = varIdent(form = ~ 1 | v), method = "REML",
             control = glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500, msMaxIter = 5000))
  ratios <- coef(fit$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)[levels(d$v)]
  whole <- names(which(table(d$patient) == k))[1]
  complete <- corMatrix(fit$modelStruct$corStruct)[[whole]]
  sigma <- fit$sigma^2 * complete * outer(ratios, ratios)
  by_gls <- sigma
  rows <- contrasts_of(k)
  people <- split(d[, c("at", "value")], d$patient)
  stopifnot(abs(likelihood_at(people, sigma)$minus2 + 2 * as.numeric(logLik(fit))) < 1e-6)
  # Newton steps from where gls stopped. The covariance is root (I + x) root' with a symmetric x that
  # starts at zero, which keeps the numerical derivatives away from the edge.
  q <- k * (k + 1) / 2
  near <- list(eps = 0.02)
  for (i in 1:2) {
    root <- t(chol(sigma))
    shape <- function(x) root %*% symmetric(x, k) %*% t(root)
    objective <- function(x) likelihood_at(people, sigma + shape(x))$minus2
    curvature <- hessian(objective, numeric(q), method.args = near)
    if (i == 1) sigma <- sigma - shape(solve(curvature, grad(objective, numeric(q),
                                                             method.args = near)))
  }
  at <- likelihood_at(people, sigma)
  spread <- 2 * solve(curvature)
  slopes <- jacobian(function(x) as.numeric(likelihood_at(people, sigma + shape(x))$phi),
                     numeric(q), method.args = near)
  se2 <- function(phi) rowSums((rows %*% phi) * rows)
  df <- apply(rows, 1, function(l) {
    g <- apply(slopes, 2, function(s) as.numeric(l %*% matrix(s, k, k) %*% l))
    2 * as.numeric(l %*% at$phi %*% l)^2 / as.numeric(g %*% spread %*% g)
  })
  # Kenward and Roger 1997, with V linear in its parameters: sums over patients of
  # X'W G_h W G_l W X and X'W G_h W X
  bases <- lapply(seq_len(q), function(h) shape(replace(numeric(q), h, 1)))
  p <- lapply(seq_len(q), function(h) matrix(0, k, k))
  inner <- matrix(0, k, k)
  for (one in people) {
    i <- one$at; w <- solve(sigma[i, i, drop = FALSE])
    for (h in seq_len(q)) {
      left <- w %*% bases[[h]][i, i, drop = FALSE] %*% w
      p[[h]][i, i] <- p[[h]][i, i] + left
      for (l in seq_len(q)) inner[i, i] <- inner[i, i] +
        spread[h, l] * left %*% bases[[l]][i, i, drop = FALSE] %*% w
    }
  }
  for (h in seq_len(q)) for (l in seq_len(q)) {
    inner <- inner - spread[h, l] * p[[h]] %*% at$phi %*% p[[l]]
  }
  adjusted <- at$phi + 2 * at$phi %*% inner %*% at$phi
  list(
    log_likelihood = as.numeric(logLik(fit)),
    covariance = by_gls,
    estimate = as.numeric(rows %*% coef(fit)),
    se = sqrt(se2(as.matrix(vcov(fit)))),
    df_satterthwaite = df,
    se_kenward_roger = sqrt(se2(adjusted)),
    df_kenward_roger = df,
    newton_moved_minus2_by = 2 * as.numeric(-logLik(fit)) - at$minus2
  )
}

# ---- write ---------------------------------------------------------------------------------------

sets <- list(sleep = sleep, chicks = chicks, cows = cows, fev = fev)
found <- lapply(sets, function(d) {
  list(patients = length(unique(d$patient)), rows = nrow(d),
       compound_symmetry = compound(d), unstructured = unstructured(d))
})
versions <- sapply(c("lme4", "lmerTest", "pbkrtest", "nlme", "numDeriv"),
                   function(p) as.character(packageVersion(p)))
write(toJSON(c(list(software = c(R = R.version.string, as.list(versions))), found),
             digits = I(12), auto_unbox = TRUE, pretty = TRUE), "repeated_measures.json")
for (n in names(found)) cat(n, found[[n]]$patients, found[[n]]$rows,
                            found[[n]]$unstructured$newton_moved_minus2_by, "\n")
